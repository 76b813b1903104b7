using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    public override Task<ListSchedulesResponse> ListSchedules(ListSchedulesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListSchedulesResponse { Schedules = { schedules.List().Select(s => s.ToContract()) } });

    public override async Task<RunScheduleResponse> RunSchedule(RunScheduleRequest request, ServerCallContext context)
    {
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        var operation = await schedules.RunAsync(ScheduleName(request.Name), who, ended.Token);
        return new RunScheduleResponse { Operation = operation.ToContract(time.GetUtcNow()) };
    }

    public override async Task<PauseScheduleResponse> PauseSchedule(PauseScheduleRequest request, ServerCallContext context)
    {
        var name = ScheduleName(request.Name);
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        var pause = ScheduleMapping.ToDomain(request, who.Caller.Name, time.GetUtcNow());
        if (request.ValidateOnly)
            return new PauseScheduleResponse { Plan = new PauseSchedulePlan { Schedule = schedules.Plan(name, pause).ToContract() } };

        var operation = (await schedules.PauseAsync(name, pause, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new PauseScheduleResponse { Operation = operation };
        if (operation.PauseSchedule is not null)
            response.Result = new PauseScheduleResult { Schedule = schedules.Get(name).ToContract() };
        return response;
    }

    private static string ScheduleName(string name) => name.Length > 0 ? name : throw MaintenanceException.InvalidArgument("name", "is required");
}
