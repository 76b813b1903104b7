using Grpc.Core;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    public override Task<ValidateResponse> Validate(ValidateRequest request, ServerCallContext context) =>
        Task.FromResult(engine.Validate(context.CancellationToken).ToContract());

    public override async Task<RepairResponse> Repair(RepairRequest request, ServerCallContext context)
    {
        var command = new RepairCommand { RealignVersions = [.. request.RealignVersions], Etag = request.Etag.Length == 0 ? null : request.Etag };
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new RepairResponse { Plan = plans.Repair(command, ended.Token).ToContract() };

        var operation = (await schema.RepairAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new RepairResponse { Operation = operation };
        if (operation.Repair is not null)
            response.Result = operation.Repair;
        return response;
    }
}
