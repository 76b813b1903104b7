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
        RefuseRehearsalOnly(request.Rehearse, request.ValidateOnly);
        var command = new MigrateCommand
        {
            TargetVersion = request.TargetVersion.Length == 0 ? null : request.TargetVersion,
            Order = request.Order.ToDomain(),
            Allow = [.. request.Allow],
            Etag = request.Etag.Length == 0 ? null : request.Etag,
        };
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new MigrateResponse { Plan = (await Task.Run(() => plans.Migrate(command, request.Rehearse, ended.Token), ended.Token)).ToContract() };

        var operation = (await schema.MigrateAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new MigrateResponse { Operation = operation };
        if (operation.Migrate is not null)
            response.Result = operation.Migrate;
        return response;
    }

    public override async Task<RollbackResponse> Rollback(RollbackRequest request, ServerCallContext context)
    {
        if (request.MaxValuesLost < 0)
            throw MaintenanceException.InvalidArgument("max_values_lost", "is negative");
        RefuseRehearsalOnly(request.Rehearse, request.ValidateOnly);
        var command = ToCommand(request);
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new RollbackResponse { Plan = (await Task.Run(() => plans.Rollback(command, request.Rehearse, ended.Token), ended.Token)).ToContract() };

        var operation = (await schema.RollbackAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new RollbackResponse { Operation = operation };
        if (operation.Rollback is not null)
            response.Result = operation.Rollback;
        return response;
    }

    private static RollbackCommand ToCommand(RollbackRequest request)
    {
        var target = request.TargetCase switch
        {
            RollbackRequest.TargetOneofCase.Version => new RollbackCommand { Version = NotEmpty("version", request.Version) },
            RollbackRequest.TargetOneofCase.ToVersion => new RollbackCommand { ToVersion = NotEmpty("to_version", request.ToVersion) },
            RollbackRequest.TargetOneofCase.Steps when request.Steps < 1 => throw MaintenanceException.InvalidArgument("steps", $"is {request.Steps}; at least 1 is accepted"),
            RollbackRequest.TargetOneofCase.Steps => new RollbackCommand { Steps = request.Steps },
            _ => new RollbackCommand(),
        };
        return target with
        {
            Cascade = request.Cascade,
            Allow = [.. request.Allow],
            Etag = request.Etag.Length == 0 ? null : request.Etag,
            MaxValuesLost = request.HasMaxValuesLost ? request.MaxValuesLost : null,
        };
    }

    private static void RefuseRehearsalOnly(bool rehearse, bool validateOnly)
    {
        if (rehearse && !validateOnly)
            throw MaintenanceException.InvalidArgument("rehearse", "goes with validate_only: a rehearsal is part of a plan, and the real run would follow it unseen");
    }

    private static string NotEmpty(string field, string value) =>
        value.Length > 0 ? value : throw MaintenanceException.InvalidArgument(field, "is empty");
}
