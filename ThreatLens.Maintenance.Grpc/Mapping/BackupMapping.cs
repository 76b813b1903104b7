using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Backups from the domain to the contract.</summary>
internal static class BackupMapping
{
    public static Contract.Backup ToContract(this Backup backup) => new()
    {
        Name = backup.Name,
        CreateTime = backup.CreatedAt.ToTimestamp(),
        Bytes = backup.Bytes,
        SchemaVersion = backup.SchemaVersion,
        VerifyTime = backup.VerifiedAt?.ToTimestamp(),
        OperationId = backup.OperationId,
    };

    public static Contract.BackupPlan ToContract(this BackupPlan plan) => new()
    {
        Bytes = plan.Bytes,
        AvailableFreeBytes = plan.AvailableBytes,
        RemovedNames = { plan.RemovedNames },
    };

    public static Contract.BackupResult ToContract(this BackupResult result) => new()
    {
        Backup = result.Backup.ToContract(),
        RemovedNames = { result.RemovedNames },
    };

    public static Contract.RestorePlan ToContract(this RestorePlan plan) => new()
    {
        Backup = plan.Backup.ToContract(),
        RowsLost = plan.RowsLost,
        Etag = plan.Etag,
        UnreadableTables = { plan.UnreadableTables },
    };

    public static Contract.RunRestoreDrillPlan ToContract(this RestoreDrillPlan plan) => new()
    {
        Backup = plan.Backup.ToContract(),
        RequiredFreeBytes = plan.RequiredBytes,
        AvailableFreeBytes = plan.AvailableBytes,
    };

    public static Contract.RunRestoreDrillResult ToContract(this RestoreDrillResult result) => new()
    {
        Backup = result.Backup.ToContract(),
        RecoveryDuration = result.RecoveryDuration.ToDuration(),
        Passed = result.Passed,
        Problems = { result.Problems },
    };

    public static Contract.RestoreResult ToContract(this RestoreResult result) => new()
    {
        Backup = result.Backup.ToContract(),
        RowsLost = result.RowsLost,
        ReplacedPath = result.ReplacedPath,
        UnreadableTables = { result.UnreadableTables },
    };
}
