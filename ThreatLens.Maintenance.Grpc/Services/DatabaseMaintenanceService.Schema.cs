using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        var response = engine.GetStatus(context.CancellationToken).ToContract(database.Path);
        response.RunningOperation = runner.Running.FirstOrDefault(o => o.Kind.IsExclusive() && !o.HasEnded)?.ToContract(time.GetUtcNow());
        return Task.FromResult(response);
    }

    public override async Task<MigrateResponse> Migrate(MigrateRequest request, ServerCallContext context)
    {
        if (!Enum.IsDefined(request.Order))
            throw MaintenanceException.InvalidArgument("order", $"{(int)request.Order} is no MigrationOrder");
        Requests.NotYet(request.ValidateOnly, "validate_only");
        Requests.NotYet(request.Etag.Length > 0, "etag");
        Requests.NotYet(request.Order == MigrationOrder.Allow, "order");
        Requests.NotYet(request.Allow.Count > 0, "allow");
        Requests.NotYet(request.Rehearse, "rehearse");

        var target = request.TargetVersion.Length == 0 ? null : request.TargetVersion;
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        var operation = (await schema.MigrateAsync(target, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new MigrateResponse { Operation = operation };
        if (operation.Migrate is not null)
            response.Result = operation.Migrate;
        return response;
    }

    public override async Task<RollbackResponse> Rollback(RollbackRequest request, ServerCallContext context)
    {
        if (request.MaxValuesLost < 0)
            throw MaintenanceException.InvalidArgument("max_values_lost", "is negative");
        Requests.NotYet(request.ValidateOnly, "validate_only");
        Requests.NotYet(request.Etag.Length > 0, "etag");
        Requests.NotYet(request.Cascade, "cascade");
        Requests.NotYet(request.HasMaxValuesLost, "max_values_lost");
        Requests.NotYet(request.Rehearse, "rehearse");

        var command = request.TargetCase switch
        {
            RollbackRequest.TargetOneofCase.Version => new RollbackCommand { Version = NotEmpty("version", request.Version) },
            RollbackRequest.TargetOneofCase.ToVersion => new RollbackCommand { ToVersion = NotEmpty("to_version", request.ToVersion) },
            RollbackRequest.TargetOneofCase.Steps when request.Steps < 1 => throw MaintenanceException.InvalidArgument("steps", $"is {request.Steps}; at least 1 is accepted"),
            RollbackRequest.TargetOneofCase.Steps => new RollbackCommand { Steps = request.Steps },
            _ => new RollbackCommand(),
        };
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        var operation = (await schema.RollbackAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new RollbackResponse { Operation = operation };
        if (operation.Rollback is not null)
            response.Result = operation.Rollback;
        return response;
    }

    private static string NotEmpty(string field, string value) =>
        value.Length > 0 ? value : throw MaintenanceException.InvalidArgument(field, "is empty");
}
