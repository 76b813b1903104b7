using Grpc.Core;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private const int DefaultBackupsPage = 100;
    private const int MostBackups = 1000;

    public override async Task<BackupResponse> Backup(BackupRequest request, ServerCallContext context)
    {
        if (request.Keep is < 0 or > MostBackups)
            throw MaintenanceException.InvalidArgument("keep", $"is {request.Keep}; 1 to {MostBackups} are accepted, 0 means as configured");
        int? keep = request.Keep == 0 ? null : request.Keep;
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new BackupResponse { Plan = backupTaker.Plan(keep).ToContract() };

        var operation = (await backups.BackupAsync(keep, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new BackupResponse { Operation = operation };
        if (operation.Backup is not null)
            response.Result = operation.Backup;
        return response;
    }

    public override Task<ListBackupsResponse> ListBackups(ListBackupsRequest request, ServerCallContext context)
    {
        const string Filter = "backups";
        var size = Requests.PageSize(request.PageSize, DefaultBackupsPage);
        var before = PageTokens.Read(request.PageToken, Filter);
        var found = backupDirectory.List().Where(b => before is null || string.CompareOrdinal(b.Name, before) < 0).Take(size + 1).ToList();
        return Task.FromResult(new ListBackupsResponse
        {
            Backups = { found.Take(size).Select(b => b.ToContract()) },
            NextPageToken = found.Count > size ? PageTokens.Write(Filter, found[size - 1].Name) : "",
        });
    }

    public override async Task<RunRestoreDrillResponse> RunRestoreDrill(RunRestoreDrillRequest request, ServerCallContext context)
    {
        var name = request.BackupName.Length == 0 ? null : request.BackupName;
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new RunRestoreDrillResponse { Plan = restoreDrill.Plan(name).ToContract() };

        var operation = (await restoreDrills.RunAsync(name, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new RunRestoreDrillResponse { Operation = operation };
        if (operation.RestoreDrill is not null)
            response.Result = operation.RestoreDrill;
        return response;
    }

    public override async Task<RestoreResponse> Restore(RestoreRequest request, ServerCallContext context)
    {
        if (request.BackupName.Length == 0)
            throw MaintenanceException.InvalidArgument("backup_name", "is required");
        if (request.MaxRowsLost < 0)
            throw MaintenanceException.InvalidArgument("max_rows_lost", $"is {request.MaxRowsLost}; it must not be negative");
        var command = new RestoreCommand
        {
            BackupName = request.BackupName,
            MaxRowsLost = request.HasMaxRowsLost ? request.MaxRowsLost : null,
            Etag = request.Etag.Length == 0 ? null : request.Etag,
        };
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new RestoreResponse { Plan = (await Task.Run(() => restorer.Plan(command, ended.Token), ended.Token)).ToContract() };

        var operation = (await backups.RestoreAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new RestoreResponse { Operation = operation };
        if (operation.Restore is not null)
            response.Result = operation.Restore;
        return response;
    }
}
