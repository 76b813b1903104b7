using Google.Protobuf;
using Google.Protobuf.Collections;
using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.Backups;
using ThreatLens.Cli.Migrations;
using ThreatLens.Cli.Monitoring;
using ThreatLens.Cli.Output;
using ThreatLens.Cli.Retention;
using ThreatLens.Cli.Schedules;
using ThreatLens.Cli.Space;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary>What an operation did, for people.</summary>
internal static class ResultView
{
    /// <returns>Null while there is no result.</returns>
    public static IRenderable? Of(Operation operation) => operation.ResultCase switch
    {
        Operation.ResultOneofCase.None => null,
        Operation.ResultOneofCase.Migrate => Migrated(operation.Migrate),
        Operation.ResultOneofCase.Rollback => RolledBack(operation.Rollback),
        Operation.ResultOneofCase.Repair => DriftView.Of(operation.Repair),
        Operation.ResultOneofCase.Optimize => SpaceView.Of(operation.Optimize),
        Operation.ResultOneofCase.Backup => BackupView.Of(operation.Backup),
        Operation.ResultOneofCase.Restore => BackupView.Of(operation.Restore),
        Operation.ResultOneofCase.RestoreDrill => BackupView.Of(operation.RestoreDrill),
        Operation.ResultOneofCase.Cleanup => CleanupView.Of(operation.Cleanup),
        Operation.ResultOneofCase.CreateHold => HoldView.Table([operation.CreateHold.Hold]),
        Operation.ResultOneofCase.ReleaseHold => HoldView.Table([operation.ReleaseHold.Hold]),
        Operation.ResultOneofCase.PauseSchedule => ScheduleView.Paused(operation.PauseSchedule.Schedule),
        Operation.ResultOneofCase.IntegrityCheck => ScheduleView.Of(operation.IntegrityCheck),
        Operation.ResultOneofCase.UpdateMonitoringConfig => MonitoringConfigView.Of(
            operation.UpdateMonitoringConfig.Config, operation.UpdateMonitoringConfig.Etag),
        Operation.ResultOneofCase.SetLogSourceEnabled => LogSourceView.Table([operation.SetLogSourceEnabled.LogSource]),
        _ => Other(operation),
    };

    /// <summary>The same in a few words; null where there are none.</summary>
    public static string? InShort(Operation operation) => operation.ResultCase switch
    {
        Operation.ResultOneofCase.Migrate when operation.Migrate.Applied.Count == 0 && operation.Migrate.Adopted.Count > 0 =>
            $"{Words.Count(operation.Migrate.Adopted.Count, "version", "versions")} adopted",
        Operation.ResultOneofCase.Migrate when operation.Migrate.Applied.Count == 0 => "nothing was pending",
        Operation.ResultOneofCase.Migrate => $"{VersionName(operation.Migrate.FromVersion)} to {VersionName(operation.Migrate.ToVersion)}",
        Operation.ResultOneofCase.Rollback => $"{VersionName(operation.Rollback.FromVersion)} to {VersionName(operation.Rollback.ToVersion)}",
        Operation.ResultOneofCase.Repair => $"{Words.Count(operation.Repair.Mended.Count, "difference", "differences")} mended",
        Operation.ResultOneofCase.SetLogSourceEnabled when operation.SetLogSourceEnabled.LogSource is { } source =>
            $"{source.SourceName} {(source.Enabled ? "on" : "off")}",
        Operation.ResultOneofCase.Optimize => $"{Words.Bytes(operation.Optimize.BytesBefore)} to {Words.Bytes(operation.Optimize.BytesAfter)}",
        Operation.ResultOneofCase.Backup => operation.Backup.Backup?.Name,
        Operation.ResultOneofCase.Restore => $"{operation.Restore.Backup?.Name}, {Words.Count(operation.Restore.RowsLost, "row", "rows")} lost",
        Operation.ResultOneofCase.RestoreDrill => $"{operation.RestoreDrill.Backup?.Name}, {(operation.RestoreDrill.Passed ? "restorable" : "not restorable")}",
        Operation.ResultOneofCase.UpdateMonitoringConfig => "changed",
        Operation.ResultOneofCase.Cleanup => $"{Words.Count(operation.Cleanup.Tables.Sum(t => t.Rows), "row", "rows")} deleted",
        Operation.ResultOneofCase.CreateHold => HoldView.Of(operation.CreateHold.Hold?.Target),
        Operation.ResultOneofCase.ReleaseHold => HoldView.Of(operation.ReleaseHold.Hold?.Target),
        Operation.ResultOneofCase.PauseSchedule when operation.PauseSchedule.Schedule is { } schedule => $"{schedule.Name} {(schedule.Paused ? "paused" : "resumed")}",
        Operation.ResultOneofCase.IntegrityCheck => ScheduleView.InShort(operation.IntegrityCheck),
        _ => null,
    };

    private static IRenderable Migrated(MigrateResult result)
    {
        if (result.Applied.Count == 0 && result.Adopted.Count == 0)
            return new Text($"Nothing was pending: the schema is at {VersionName(result.ToVersion)}.");

        var done = Words.Count(result.Applied.Count, "migration", "migrations");
        return new Rows(
            new Text($"Applied {done}: from {VersionName(result.FromVersion)} to {VersionName(result.ToVersion)}.", Styles.Good),
            result.Applied.Count > 0 ? Executed(result.Applied) : new Rows(),
            result.Adopted.Count > 0
                ? new Rows(new Text($"Adopted {Words.Count(result.Adopted.Count, "version", "versions")} of the original application:", Styles.Good), Executed(result.Adopted))
                : new Rows(),
            Backup(result.BackupName));
    }

    private static IRenderable RolledBack(RollbackResult result)
    {
        var done = Words.Count(result.Undone.Count, "migration", "migrations");
        var lost = result.ValuesLost > 0 ? $" {Words.Count(result.ValuesLost, "value", "values")} lost." : string.Empty;
        return new Rows(
            new Text($"Undid {done}: from {VersionName(result.FromVersion)} to {VersionName(result.ToVersion)}.{lost}", Styles.Good),
            Executed(result.Undone),
            Backup(result.BackupName));
    }

    private static IRenderable Executed(RepeatedField<ExecutedMigration> migrations)
    {
        var table = Screen.NewTable("Migration", "Took", "Statements", "Left out");
        table.Columns[2].RightAligned();
        table.Columns[3].RightAligned();
        foreach (var migration in migrations)
            table.AddRow(
                new Text(Safe.Text(migration.Version)),
                new Text(Words.Of(migration.Duration)),
                new Text(Words.Number(migration.Statements)),
                new Text(Words.Number(migration.SkippedStatements)));
        return table;
    }

    private static IRenderable Backup(string name) =>
        name.Length > 0 ? new Text($"Backup taken first: {Safe.Text(name)}") : new Rows();

    /// <summary>Results that have no view of their own: as they are, so that nothing is hidden.</summary>
    private static Text Other(Operation operation)
    {
        var field = Operation.Descriptor.Oneofs.Single(oneof => oneof.Name == "result").Accessor.GetCaseFieldDescriptor(operation);
        return new Text(Safe.Text(JsonFormatter.Default.Format((IMessage)field.Accessor.GetValue(operation))));
    }

    private static string VersionName(string version) => version.Length > 0 ? Safe.Text(version) : "nothing";
}
