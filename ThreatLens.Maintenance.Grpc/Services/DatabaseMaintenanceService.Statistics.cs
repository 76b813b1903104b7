using Grpc.Core;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private const int DefaultMetricsPage = 100;

    public override async Task<GetProcessingMetricsResponse> GetProcessingMetrics(GetProcessingMetricsRequest request, ServerCallContext context)
    {
        var size = Requests.PageSize(request.PageSize, DefaultMetricsPage);
        var (query, after) = MetricMapping.ToDomain(request, time.GetUtcNow());
        using var ended = UntilShutdown(context);
        // Off the request's thread: a long window is a long statement.
        var page = await Task.Run(() => metrics.Read(query, size, after, ended.Token), ended.Token);
        return page.ToContract(request, query);
    }

    public override async Task<GetRealtimeStatisticsResponse> GetRealtimeStatistics(GetRealtimeStatisticsRequest request, ServerCallContext context)
    {
        var page = StatisticsMapping.ToDomain(request, time.GetUtcNow());
        using var ended = UntilShutdown(context);
        return await Task.Run(
            () =>
            {
                var isFirst = page.First == 0;
                var whole = isFirst ? processing.Read(page.Window.From, page.Window.To, ended.Token) : null;
                var steps = page.Step is { } step && page.First < page.Steps ? processing.ReadSteps(page.Part.From, page.Part.To, step, ended.Token) : [];
                return StatisticsMapping.ToContract(page, whole, isFirst ? samples.Processing?.Totals : null, steps);
            },
            ended.Token);
    }

    public override async Task<GetNotificationMetricsResponse> GetNotificationMetrics(GetNotificationMetricsRequest request, ServerCallContext context)
    {
        var page = StatisticsMapping.ToDomain(request, time.GetUtcNow());
        using var ended = UntilShutdown(context);
        var read = await Task.Run(() => notifications.Read(page.Window.From, page.Window.To, ended.Token), ended.Token);
        return StatisticsMapping.ToContract(page, read, samples.Notifications?.All);
    }
}
