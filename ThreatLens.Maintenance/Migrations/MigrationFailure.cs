using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>What is said about a migration that did not succeed.</summary>
internal static class MigrationFailure
{
    /// <summary>A statement failed. A full disk or a lock keeps its own reason; anything else is MIGRATION_FAILED.</summary>
    public static MaintenanceException Of(
        SqliteDatabase database, MigrationVersion version, MigrationScript script, ScriptStatement statement, SqliteException e)
    {
        var where = FormattableString.Invariant($"{script.Name}, statement {statement.Number} (line {statement.Line})");
        var facts = new Dictionary<string, string>
        {
            ["version"] = version.Id,
            ["script"] = script.Name,
            ["statement"] = statement.Number.ToString(CultureInfo.InvariantCulture),
            ["line"] = statement.Line.ToString(CultureInfo.InvariantCulture),
            ["sql"] = statement.Excerpt,
            ["sqliteMessage"] = e.Message,
            ["sqliteCode"] = e.SqliteExtendedErrorCode.ToString(CultureInfo.InvariantCulture),
        };
        if (SqliteErrors.IsEnvironmental(e))
        {
            var cause = database.Translate(e, $"running {where}");
            return new MaintenanceException(cause.Kind, cause.Reason, cause.Message, e) { RetryAfter = cause.RetryAfter, Metadata = facts };
        }

        return new MaintenanceException(
            ErrorKind.FailedPrecondition,
            ErrorReasons.MigrationFailed,
            $"{where} failed: {e.Message} The statement: {statement.Excerpt} Everything of {version} was rolled back.",
            e)
        {
            Metadata = facts,
        };
    }

    /// <summary>Adds what the run had already committed, which stays.</summary>
    public static MaintenanceException AfterOthers(MaintenanceException e, IReadOnlyList<AppliedMigration> done, bool down)
    {
        var names = string.Join(", ", done.Select(a => a.Version.Id));
        return new MaintenanceException(e.Kind, e.Reason, $"{e.Message} {(down ? "Undone" : "Applied")} before it, and kept: {names}.", e)
        {
            Field = e.Field,
            RetryAfter = e.RetryAfter,
            OperationId = e.OperationId,
            Metadata = new Dictionary<string, string>(e.Metadata) { [down ? "undoneVersions" : "appliedVersions"] = names },
        };
    }
}
