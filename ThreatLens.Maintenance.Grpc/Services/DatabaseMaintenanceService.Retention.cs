using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private const int DefaultHoldsPage = 100;

    public override async Task<CleanupResponse> Cleanup(CleanupRequest request, ServerCallContext context)
    {
        var command = request.ToDomain();
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new CleanupResponse { Plan = (await Task.Run(() => cleanupPlanner.Plan(command, ended.Token), ended.Token)).ToContract() };

        var operation = (await cleanups.CleanAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new CleanupResponse { Operation = operation };
        if (operation.Cleanup is not null)
            response.Result = operation.Cleanup;
        return response;
    }

    public override async Task<CreateHoldResponse> CreateHold(CreateHoldRequest request, ServerCallContext context)
    {
        var target = HoldMapping.ToDomain(request.Hold, time.GetUtcNow());
        DateTimeOffset? expires = request.Hold.ExpireTime is { } until ? Requests.ToMoment("hold.expire_time", until) : null;
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
        {
            holdOperations.Check(target, request.Hold.Reason, expires);
            return new CreateHoldResponse { Plan = new CreateHoldPlan { Rows = await Task.Run(() => holdCounter.CountPinned(target, ended.Token), ended.Token) } };
        }

        var operation = (await holdOperations.CreateAsync(target, request.Hold.Reason, expires, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new CreateHoldResponse { Operation = operation };
        if (operation.CreateHold is not null)
            response.Result = operation.CreateHold;
        return response;
    }

    public override Task<ListHoldsResponse> ListHolds(ListHoldsRequest request, ServerCallContext context)
    {
        var size = Requests.PageSize(request.PageSize, DefaultHoldsPage);
        var filter = $"holds {request.IncludeExpired}";
        var found = holds.List(size + 1, PageTokens.Read(request.PageToken, filter), request.IncludeExpired);
        return Task.FromResult(new ListHoldsResponse
        {
            Holds = { found.Take(size).Select(h => h.ToContract()) },
            NextPageToken = found.Count > size ? PageTokens.Write(filter, found[size - 1].Id) : "",
        });
    }

    public override async Task<ReleaseHoldResponse> ReleaseHold(ReleaseHoldRequest request, ServerCallContext context)
    {
        if (request.HoldId.Length == 0)
            throw MaintenanceException.InvalidArgument("hold_id", "is required");
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new ReleaseHoldResponse { Plan = new ReleaseHoldPlan { Rows = await Task.Run(() => holdCounter.CountReleased(request.HoldId, ended.Token), ended.Token) } };

        var operation = (await holdOperations.ReleaseAsync(request.HoldId, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new ReleaseHoldResponse { Operation = operation };
        if (operation.ReleaseHold is not null)
            response.Result = operation.ReleaseHold;
        return response;
    }
}
