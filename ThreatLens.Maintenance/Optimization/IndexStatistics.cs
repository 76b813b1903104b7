using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>
/// What <c>ANALYZE</c> with an <c>analysis_limit</c> would write about an index, found by reading: as of version 3.5x SQLite counts all entries of an index for
/// it, whatever the limit, and holds the write lock meanwhile (40 ms for a million).
/// </summary>
/// <param name="connection">Any connection to the database.</param>
/// <param name="limit">About how many of an index's rows are looked at.</param>
internal sealed class IndexStatistics(SqliteConnection connection, int limit)
{
    /// <summary>
    /// The text for <c>sqlite_stat1.stat</c>: the rows, and for one column, two, … how many rows have the same values of them, of the first rows of the index; where
    /// those have but one value in the first column, of as many of its next, too. Null: SQLite has to be asked, because the index is on an expression or of some rows only.
    /// </summary>
    /// <param name="table">The index's table.</param>
    /// <param name="index">The index.</param>
    /// <param name="rows">How many rows the table has.</param>
    public string? Read(string table, string index, long rows)
    {
        if (connection.Scalar("SELECT partial FROM pragma_index_list($table) WHERE name = $index", ("$table", table), ("$index", index)) is not 0L)
            return null;
        // A column without a name is an expression.
        var names = connection.Texts("SELECT ifnull(name, '') FROM pragma_index_xinfo($index) WHERE key ORDER BY seqno", ("$index", index));
        if (names.Count == 0 || names.Contains(""))
            return null;
        var isDescending = connection.Scalar("SELECT \"desc\" FROM pragma_index_xinfo($index) WHERE seqno = 0", ("$index", index)) is 1L;
        var (seen, distinct) = Look(Query(DatabaseContent.Quote(table), DatabaseContent.Quote(index), [.. names.Select(DatabaseContent.Quote)], isDescending), names.Count);
        return seen == 0 ? null : string.Join(' ', [Math.Max(rows, seen), .. distinct.Select(d => PerValue(seen, d))]);
    }

    /// <summary>As SQLite rounds: up, but nearly one is one.</summary>
    private static long PerValue(long rows, long distinct)
    {
        var each = (rows + distinct - 1) / distinct;
        return each == 2 && rows * 10 <= distinct * 11 ? 1 : each;
    }

    private string Query(string table, string index, List<string> columns, bool isDescending)
    {
        var list = string.Join(", ", columns);
        var most = (limit + 1).ToString(CultureInfo.InvariantCulture);
        var (last, next) = isDescending ? ("min", "<") : ("max", ">");
        var counts = columns.Select((_, i) => $"(SELECT count(*) FROM (SELECT DISTINCT {string.Join(", ", columns.Take(i + 1))} FROM looked))");
        return $"""
            WITH head AS MATERIALIZED (SELECT {list} FROM {table} INDEXED BY {index} LIMIT {most}),
            more AS MATERIALIZED (
                SELECT {list} FROM {table} INDEXED BY {index} WHERE {columns[0]} {next} (SELECT {last}({columns[0]}) FROM head) ORDER BY {columns[0]}{(isDescending ? " DESC" : "")}
                LIMIT (SELECT CASE count(DISTINCT {columns[0]}) WHEN 1 THEN {most} ELSE 0 END FROM head)),
            looked AS MATERIALIZED (SELECT * FROM head UNION ALL SELECT * FROM more)
            SELECT (SELECT count(*) FROM looked), {string.Join(", ", counts)}
            """;
    }

    private (long Seen, long[] Distinct) Look(string query, int columns)
    {
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetInt64(0), [.. Enumerable.Range(1, columns).Select(reader.GetInt64)]);
    }
}
