using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>Runs remedies within a transaction that is already open.</summary>
internal static class Mending
{
    /// <summary>Runs the remedies in order.</summary>
    /// <exception cref="MaintenanceException">REPAIR_FAILED naming object and statement, or what the surroundings of the database report.</exception>
    public static void Run(SqliteDatabase database, SqliteConnection connection, IEnumerable<SchemaDifference> differences)
    {
        foreach (var difference in differences)
        {
            foreach (var sql in difference.Remedy)
                Run(database, connection, difference, sql);
        }
    }

    private static void Run(SqliteDatabase database, SqliteConnection connection, SchemaDifference difference, string sql)
    {
        using var span = StatementSpan.Start(database, SqlSummary.Of(sql), sql);
        try
        {
            connection.Execute(sql);
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            if (SqliteErrors.IsEnvironmental(e))
                throw database.Translate(e, $"mending {difference.ObjectName}");
            throw new MaintenanceException(
                ErrorKind.FailedPrecondition, ErrorReasons.RepairFailed, $"{difference} and could not be mended: {e.Message} The statement: {sql} Everything was rolled back.", e)
            {
                Metadata = new Dictionary<string, string> { ["object"] = difference.ObjectName, ["sql"] = sql, ["sqliteMessage"] = e.Message },
            };
        }
    }
}
