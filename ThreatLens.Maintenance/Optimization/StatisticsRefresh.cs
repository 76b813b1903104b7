using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// Refreshes the query planner's statistics where SQLite itself finds that worth it (<c>PRAGMA optimize</c>), a table a turn and a bounded
/// number of rows an index. Not thread-safe.
/// </summary>
internal sealed class StatisticsRefresh(SqliteDatabase database, SqliteConnection connection, WriteTurns turns, OptimizationOptions options)
{
    /// <summary>What would be run: one ANALYZE a table.</summary>
    public static IReadOnlyList<string> Statements(SqliteConnection connection)
    {
        // 1: only tell; 2: ANALYZE; 0x10000: look at all tables, not only at those this connection has used.
        const int OnlyTell = 0x10003;
        return [.. connection.Texts($"PRAGMA optimize({OnlyTell})").Where(s => s.StartsWith("ANALYZE", StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>Runs them.</summary>
    /// <param name="progress">Told statements done and in all.</param>
    /// <param name="pause">Waits between two turns.</param>
    /// <param name="cancellationToken">Looked at between tables.</param>
    /// <returns>The tables.</returns>
    /// <exception cref="SqliteException">One failed; those before it stay done.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the tables before stay done.</exception>
    public IReadOnlyList<string> Run(Action<long, long> progress, TimeSpan pause, CancellationToken cancellationToken)
    {
        connection.Pragma($"analysis_limit = {options.AnalysisLimit}");
        var statements = Statements(connection);
        for (var i = 0; i < statements.Count; i++)
        {
            progress(i, statements.Count);
            cancellationToken.ThrowIfCancellationRequested();
            turns.Take(() => Analyze(statements[i]), cancellationToken);
            cancellationToken.WaitHandle.WaitOne(pause);
        }

        return [.. statements.Select(TableOf)];
    }

    private void Analyze(string statement)
    {
        using var span = StatementSpan.Start(database, statement);
        try
        {
            connection.Execute(statement);
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }

    // ANALYZE "main"."table"
    private static string TableOf(string statement) => statement[(statement.IndexOf('.', StringComparison.Ordinal) + 1)..].Trim('"').Replace("\"\"", "\"", StringComparison.Ordinal);
}
