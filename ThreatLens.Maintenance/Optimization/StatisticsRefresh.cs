using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// Refreshes the query planner's statistics by the rule of <c>PRAGMA optimize</c>: tables with indexes whose statistics are missing or of
/// ten times more or less rows. The pragma itself would hold one write transaction for all of them; here a bounded number of an index's rows is looked at before the
/// turn in which what was found is written. Not thread-safe.
/// </summary>
internal sealed class StatisticsRefresh(SqliteDatabase database, SqliteConnection connection, WriteTurns turns, OptimizationOptions options)
{
    private const long Factor = 10;
    private const string Load = "ANALYZE main.sqlite_schema";
    private const string Replacement = "INSERT INTO main.sqlite_stat1 (tbl, idx, stat) VALUES ($table, $index, $stat)";

    /// <summary>The tables whose statistics are worth a refresh.</summary>
    /// <param name="connection">Any connection to the database.</param>
    /// <param name="size">How many rows the tables have.</param>
    public static IReadOnlyList<string> Stale(SqliteConnection connection, DatabaseSize size)
    {
        var known = connection.Scalar("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'") is null
            ? []
            : connection.Texts("SELECT tbl || ' ' || max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl")
                .ToDictionary(t => t[..t.LastIndexOf(' ')], t => long.Parse(t[(t.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture), StringComparer.OrdinalIgnoreCase);
        var indexed = size.Objects.Where(o => o.Type == "index").Select(o => o.Table).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. size.Objects
            .Where(o => o.Type == "table" && indexed.Contains(o.Name) && !o.Name.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase) && IsStale(known, o))
            .Select(o => o.Name)];
    }

    /// <summary>Refreshes them.</summary>
    /// <param name="tables">Whose.</param>
    /// <param name="size">How many rows the tables have.</param>
    /// <param name="progress">Told tables done and in all.</param>
    /// <param name="cancellationToken">Looked at between indexes.</param>
    /// <exception cref="SqliteException">One failed; those before it stay done.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the indexes before stay done.</exception>
    public void Run(IReadOnlyList<string> tables, DatabaseSize size, Action<long, long> progress, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return;
        connection.Pragma($"analysis_limit = {options.AnalysisLimit}");
        // Makes the table of statistics, if there is none.
        turns.Take(() => Analyze(Load), cancellationToken);
        var statistics = new IndexStatistics(connection, options.AnalysisLimit);
        for (var i = 0; i < tables.Count; i++)
        {
            progress(i, tables.Count);
            var rows = size.Objects.First(o => o.Type == "table" && o.Name == tables[i]).Rows;
            foreach (var index in connection.Texts("SELECT name FROM pragma_index_list($table)", ("$table", tables[i])))
            {
                var found = statistics.Read(tables[i], index, rows);
                turns.Take(() => Write(tables[i], index, found), cancellationToken);
                cancellationToken.WaitHandle.WaitOne(options.Pause);
            }
        }

        // What this connection plans by; the others read it when they read the schema.
        turns.Take(() => Analyze(Load), cancellationToken);
    }

    private void Write(string table, string index, string? found)
    {
        if (found is null)
        {
            Analyze($"ANALYZE main.{DatabaseContent.Quote(index)}");
            return;
        }

        using var span = StatementSpan.Start(database, Replacement);
        try
        {
            using var transaction = ImmediateTransaction.Begin(connection);
            connection.Execute("DELETE FROM main.sqlite_stat1 WHERE tbl = $table AND idx = $index", ("$table", table), ("$index", index));
            connection.Execute(Replacement, ("$table", table), ("$index", index), ("$stat", found));
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }

    private static bool IsStale(Dictionary<string, long> known, ObjectSize table) => known.TryGetValue(table.Name, out var rows)
        ? table.Rows > rows * Factor || table.Rows < rows / Factor
        : table.Rows > 0;

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
}
