using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Migrations;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Migrations from the domain to the contract.</summary>
internal static class SchemaMapping
{
    public static Contract.StatusResponse ToContract(this SchemaStatus status, string databaseName) => new()
    {
        CurrentVersion = status.CurrentVersion?.Id ?? "",
        LatestVersion = status.LatestVersion?.Id ?? "",
        UpToDate = status.IsUpToDate && !status.Migrations.Any(m => m.ChecksumMatches == false || m.State == MigrationStateKind.Unknown),
        CanTakeMetrics = status.CanTakeMetrics,
        Migrations = { status.Migrations.Select(ToContract) },
        DatabaseExists = status.DatabaseExists,
        DatabaseSystem = "sqlite",
        DatabaseName = databaseName,
        Unfinished = status.Unfinished is { } begun
            ? new Contract.UnfinishedMigration { Version = begun.Version, Down = begun.IsDown, StatementsDone = begun.StatementsDone }
            : null,
    };

    public static MigrationOrder ToDomain(this Contract.MigrationOrder order) =>
        order == Contract.MigrationOrder.Allow ? MigrationOrder.Allow : MigrationOrder.Strict;

    public static Contract.MigrateResult ToContract(this MigrateResult result) => new()
    {
        FromVersion = result.From?.Id ?? "",
        ToVersion = result.To?.Id ?? "",
        Applied = { result.Applied.Select(ToContract) },
        Adopted = { result.Adopted.Select(ToContract) },
        BackupName = result.BackupName ?? "",
    };

    public static Contract.RollbackResult ToContract(this RollbackResult result) => new()
    {
        FromVersion = result.From?.Id ?? "",
        ToVersion = result.To?.Id ?? "",
        Undone = { result.RolledBack.Select(ToContract) },
        BackupName = result.BackupName ?? "",
        ValuesLost = result.ValuesLost,
    };

    private static Contract.Migration ToContract(MigrationState migration) => new()
    {
        Version = migration.Version.Id,
        Description = migration.Description,
        State = migration.State switch
        {
            MigrationStateKind.Applied when migration.ChecksumMatches == false => Contract.MigrationState.Changed,
            MigrationStateKind.Applied => Contract.MigrationState.Applied,
            MigrationStateKind.Pending => Contract.MigrationState.Pending,
            MigrationStateKind.KnownForeign => Contract.MigrationState.KnownForeign,
            _ => Contract.MigrationState.Unknown,
        },
        ApplyTime = migration.AppliedAt?.ToTimestamp(),
        AppliedChecksum = migration.StoredChecksum ?? "",
        ScriptChecksum = migration.ExpectedChecksum ?? "",
    };

    private static Contract.ExecutedMigration ToContract(AppliedMigration migration) => new()
    {
        Version = migration.Version.Id,
        Duration = migration.Duration.ToDuration(),
        Statements = migration.Statements,
        SkippedStatements = migration.SkippedStatements,
    };
}
