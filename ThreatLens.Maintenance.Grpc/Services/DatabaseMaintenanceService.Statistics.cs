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
}
