using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>What is said about a migration that did not succeed.</summary>
internal static class MigrationFailure
{
    /// <summary>A statement failed. A full disk or a lock keeps its own reason; anything else is MIGRATION_FAILED.</summary>
    public static MaintenanceException Of(
        SqliteDatabase database, MigrationVersion version, MigrationScript script, ScriptStatement statement, SqliteException e)
    {
        var where = Where(script, statement);
        var facts = Facts(version, script, statement);
        facts["sqliteMessage"] = e.Message;
        facts["sqliteCode"] = e.SqliteExtendedErrorCode.ToString(CultureInfo.InvariantCulture);
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

    /// <summary>A table cannot be rebuilt as a statement asks: OBJECTS_IN_THE_WAY when somebody can clear the way, else MIGRATION_FAILED.</summary>
    public static MaintenanceException Of(MigrationVersion version, MigrationScript script, ScriptStatement statement, RebuildRefusedException e)
    {
        var facts = Facts(version, script, statement);
        if (e.InTheWay.Count > 0)
            facts["objects"] = string.Join(", ", e.InTheWay);
        return new MaintenanceException(
            ErrorKind.FailedPrecondition,
            e.InTheWay.Count > 0 ? ErrorReasons.ObjectsInTheWay : ErrorReasons.MigrationFailed,
            $"{Where(script, statement)}: {statement.Table} cannot be changed, {e.Message}. The statement: {statement.Excerpt} Everything of {version} was rolled back.",
            e)
        {
            Metadata = facts,
        };
    }

    /// <summary>A statement of a script without a transaction failed: those before it have happened.</summary>
    public static MaintenanceException OfStep(MaintenanceException e, bool down, int done)
    {
        var facts = new Dictionary<string, string>(e.Metadata) { ["statementsDone"] = done.ToString(CultureInfo.InvariantCulture) };
        var stays = FormattableString.Invariant($"The {done} statements before it have run, outside of a transaction, and stay.");
        var message = $"{e.Message.Replace($"Everything of {facts["version"]} was rolled back.", "", StringComparison.Ordinal).TrimEnd()} {stays} Mend the cause, or this statement and those behind it in the script, then run {(down ? "Rollback" : "Migrate")} again: it goes on here.";
        return new MaintenanceException(e.Kind, e.Reason, message, e) { RetryAfter = e.RetryAfter, Metadata = facts };
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

    private static string Where(MigrationScript script, ScriptStatement statement) =>
        FormattableString.Invariant($"{script.Name}, statement {statement.Number} (line {statement.Line})");

    private static Dictionary<string, string> Facts(MigrationVersion version, MigrationScript script, ScriptStatement statement) => new()
    {
        ["version"] = version.Id,
        ["script"] = script.Name,
        ["statement"] = statement.Number.ToString(CultureInfo.InvariantCulture),
        ["line"] = statement.Line.ToString(CultureInfo.InvariantCulture),
        ["sql"] = statement.Excerpt,
    };
}
