using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// What a plan depends on and binds: the schema, the history, the scripts that could run, and the request. Not the rows: they change while
/// somebody reads the plan.
/// </summary>
/// <param name="request">What was asked for, in words that do not change.</param>
/// <param name="scripts">The scripts that the request may run, up or down.</param>
internal sealed class PlanEtag(string request, IReadOnlyList<string> scripts)
{
    /// <summary>That of a Migrate.</summary>
    public static PlanEtag Of(MigrationCatalog catalog, MigrateCommand command, MigrationVersion? target) => new(
        $"migrate {target?.Id} {command.Order} {Names(command.Allow)}",
        [.. catalog.Migrations.Where(m => target is null || m.Version.CompareTo(target) <= 0).Select(m => $"{m.Version.Id} {MigrationChecksum.Compute(m.UpSql)}"), .. catalog.Hooks.Meanings]);

    /// <summary>That of a Rollback.</summary>
    public static PlanEtag Of(MigrationCatalog catalog, RollbackCommand command, RollbackRequest rollback) => new(
        $"rollback {rollback.Version?.Version.Id} {rollback.ToVersion?.Version.Id} {rollback.Steps} {rollback.Cascade} {Names(command.Allow)}",
        [.. catalog.Migrations.Select(m => $"{m.Version.Id} {MigrationChecksum.Compute(m.DownSql)}"), .. catalog.Hooks.Meanings]);

    /// <summary>The etag on the database as this connection sees it: 64 hexadecimal digits.</summary>
    public string Compute(SqliteConnection connection, HistorySnapshot history)
    {
        var rows = history.Rows.Select(r => $"{r.Version} {r.Checksum}").Order(StringComparer.Ordinal);
        string[] bound = [request, new SchemaFingerprint().Read(connection), .. rows, "", .. scripts];
        return TextDigest.Of(string.Join('\0', bound));
    }

    /// <summary>Refuses an etag that no longer holds.</summary>
    /// <exception cref="MaintenanceException">ABORTED ETAG_MISMATCH.</exception>
    public void Require(string etag, SqliteConnection connection, HistorySnapshot history)
    {
        if (etag != Compute(connection, history))
            throw new MaintenanceException(
                ErrorKind.Aborted, ErrorReasons.EtagMismatch, "etag: the schema, its history, the scripts or the request are not those of the plan; plan again.")
            { Field = "etag" };
    }

    private static string Names(IReadOnlyList<string> allow) => string.Join(',', allow.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
}
