using Grpc.Core;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private static readonly TimeSpan DefaultReportInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MinReportInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxReportInterval = TimeSpan.FromHours(1);

    public override async Task HealthReport(HealthReportRequest request, IServerStreamWriter<HealthReportResponse> responseStream, ServerCallContext context)
    {
        var interval = request.Interval is null ? DefaultReportInterval : Requests.ToTimeSpan("interval", request.Interval, MinReportInterval, MaxReportInterval);
        var sections = HealthMapping.ToDomain(request.Sections);
        using var ended = UntilShutdown(context);
        var sequence = 0L;
        // The next message is asked for when this one is on its way: a reader that is slow holds up nobody else, and is never sent what is old.
        await foreach (var message in health.WatchAsync(new HealthWatch(interval, sections, request.OnChangeOnly), ended.Token))
            await responseStream.SendAsync(message.ToContract(++sequence), ended.Token);
    }
}
