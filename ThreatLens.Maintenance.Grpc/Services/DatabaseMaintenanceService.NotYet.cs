using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>What the contract has and this version does not fill: said with a reason, not with a bare status.</summary>
internal sealed partial class DatabaseMaintenanceService
{
    public override Task<RunRestoreDrillResponse> RunRestoreDrill(RunRestoreDrillRequest request, ServerCallContext context) => throw MaintenanceException.NotImplemented(nameof(RunRestoreDrill));

    public override Task<GetRealtimeStatisticsResponse> GetRealtimeStatistics(GetRealtimeStatisticsRequest request, ServerCallContext context) => throw MaintenanceException.NotImplemented(nameof(GetRealtimeStatistics));

    public override Task<GetNotificationMetricsResponse> GetNotificationMetrics(GetNotificationMetricsRequest request, ServerCallContext context) => throw MaintenanceException.NotImplemented(nameof(GetNotificationMetrics));
}
