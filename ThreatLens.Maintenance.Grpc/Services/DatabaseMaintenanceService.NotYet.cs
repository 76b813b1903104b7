using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>What the contract has and this version does not fill: said with a reason, not with a bare status.</summary>
internal sealed partial class DatabaseMaintenanceService
{
    public override Task<ListSchedulesResponse> ListSchedules(ListSchedulesRequest request, ServerCallContext context) => throw MaintenanceException.NotImplemented(nameof(ListSchedules));

    public override Task<RunScheduleResponse> RunSchedule(RunScheduleRequest request, ServerCallContext context) => throw MaintenanceException.NotImplemented(nameof(RunSchedule));

    public override Task<PauseScheduleResponse> PauseSchedule(PauseScheduleRequest request, ServerCallContext context) => throw MaintenanceException.NotImplemented(nameof(PauseSchedule));
}
