using Grpc.Core;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private static readonly TimeSpan DefaultReportInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MinReportInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxReportInterval = TimeSpan.FromHours(1);

    public override async Task HealthReport(HealthReportRequest request, IServerStreamWriter<HealthReportResponse> responseStream, ServerCallContext context)
    {
        Requests.NotYet(request.OnChangeOnly, "on_change_only");
        var interval = request.Interval is null ? DefaultReportInterval : Requests.ToTimeSpan("interval", request.Interval, MinReportInterval, MaxReportInterval);
        var sections = HealthMapping.ToDomain(request.Sections);
        using var ended = UntilShutdown(context);
        using var timer = new PeriodicTimer(interval, time);
        // A reader that is slow holds up its own next report only: each is made when it can be sent, and ticks missed meanwhile are one.
        for (var sequence = 1L; ; sequence++)
        {
            await responseStream.SendAsync(health.Report(sections, ended.Token).ToContract(sequence), ended.Token);
            await timer.WaitForNextTickAsync(ended.Token);
        }
    }
}
