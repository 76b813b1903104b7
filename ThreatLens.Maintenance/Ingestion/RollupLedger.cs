using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// Which rows of processing_metrics are not in the rollups: the ranges of ids in <c>maintenance_rollup_pending</c>, of which one always
/// reaches to the last id there can be. A row is in the rollups if and only if no range holds its id, so that rows from before the rollups,
/// and those that other programs add, are never taken for summed up. Every call is part of the connection's transaction.
/// </summary>
internal static class RollupLedger
{
    /// <summary>The last id there can be: the range that ends here holds what is still to come.</summary>
    public const long LastId = long.MaxValue;

    /// <summary>The highest id ever given out, as far as the database remembers; 0 when there is no row.</summary>
    /// <remarks>With AUTOINCREMENT SQLite remembers also what was deleted; tables of the original application have none.</remarks>
    public static string TopId(bool hasSequences) => hasSequences
        ? "SELECT max(coalesce((SELECT max(id) FROM processing_metrics), 0), coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'processing_metrics'), 0))"
        : "SELECT coalesce((SELECT max(id) FROM processing_metrics), 0)";

    /// <summary>Rows have got ids and are in the rollups, or will be with this transaction.</summary>
    /// <param name="connection">A connection within a transaction.</param>
    /// <param name="first">The first id.</param>
    /// <param name="last">The last one; all between are the same group's.</param>
    public static void Cover(SqliteConnection connection, long first, long last)
    {
        if (ToCome(connection) is not (var begin, var end) || begin > first)
        {
            // Ids begin anew: another program dropped the table, or deleted the newest rows, and what was summed up is not what is there.
            Restart(connection);
            (begin, end) = (long.MinValue, LastId);
        }

        Narrow(connection, (begin, end), first, last);
    }

    /// <summary>Takes the ids from <paramref name="first"/> to <paramref name="last"/> out of a range that is there.</summary>
    public static void Narrow(SqliteConnection connection, (long First, long Last) range, long first, long last)
    {
        if (range.First < first || last == range.Last)
            connection.Execute("DELETE FROM maintenance_rollup_pending WHERE first_id = $begin", ("$begin", range.First));
        else
            connection.Execute("UPDATE maintenance_rollup_pending SET first_id = $next WHERE first_id = $begin", ("$begin", range.First), ("$next", last + 1));
        if (range.First < first)
            Insert(connection, range.First, first - 1);
        if (range.First < first && last < range.Last)
            Insert(connection, last + 1, range.Last);
    }

    /// <summary>Makes two ranges of one.</summary>
    /// <param name="connection">A connection within a transaction.</param>
    /// <param name="range">A range that is there.</param>
    /// <param name="last">The last id of the lower one, within the range and not its end.</param>
    public static void Split(SqliteConnection connection, (long First, long Last) range, long last)
    {
        connection.Execute("UPDATE maintenance_rollup_pending SET last_id = $last WHERE first_id = $first", ("$first", range.First), ("$last", last));
        Insert(connection, last + 1, range.Last);
    }

    /// <summary>The highest range that ends before what is still to come and begins at or before an id; null: there is none.</summary>
    public static (long First, long Last)? Highest(SqliteConnection connection, long through) => Find(connection, $"last_id < {LastId} AND first_id <= $id", through);

    /// <summary>The range of what is still to come; null only when somebody emptied the table by hand.</summary>
    public static (long First, long Last)? ToCome(SqliteConnection connection) => Find(connection, "last_id = $id", LastId);

    /// <summary>Forgets all rollups: no row counts as summed up any more.</summary>
    public static void Restart(SqliteConnection connection)
    {
        connection.Execute("DELETE FROM maintenance_metric_rollups");
        connection.Execute("DELETE FROM maintenance_rollup_pending");
        Insert(connection, long.MinValue, LastId);
    }

    /// <summary>
    /// Rows have been deleted whose sums are to stay. Where ids are given out again (no AUTOINCREMENT), those behind the newest row that is left are to come
    /// once more; without this call they would look as if all rows were others.
    /// </summary>
    /// <param name="connection">A connection within the transaction that deleted them.</param>
    public static void FollowDeleted(SqliteConnection connection)
    {
        if (ToCome(connection) is not { First: > long.MinValue } toCome)
            return;
        var top = (long)connection.Scalar(TopId(connection.HasTable("sqlite_sequence")))!;
        if (toCome.First - 1 <= top)
            return;
        // Of no row at all nothing has to be known.
        var first = connection.Scalar("SELECT 1 FROM processing_metrics LIMIT 1") is null ? long.MinValue : top + 1;
        connection.Execute("DELETE FROM maintenance_rollup_pending WHERE first_id >= $first", ("$first", first));
        connection.Execute("UPDATE maintenance_rollup_pending SET last_id = $first - 1 WHERE last_id >= $first", ("$first", first));
        Insert(connection, first, LastId);
    }

    /// <summary>Forgets all rollups when the table that they are of has been dropped.</summary>
    public static void FollowDroppedTable(SqliteConnection connection)
    {
        var tables = connection.Texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('processing_metrics', 'maintenance_rollup_pending')");
        if (tables is ["maintenance_rollup_pending"])
            Restart(connection);
    }

    private static void Insert(SqliteConnection connection, long first, long last) =>
        connection.Execute("INSERT INTO maintenance_rollup_pending(first_id, last_id) VALUES ($first, $last)", ("$first", first), ("$last", last));

    private static (long First, long Last)? Find(SqliteConnection connection, string condition, long id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT first_id, last_id FROM maintenance_rollup_pending WHERE {condition} ORDER BY first_id DESC LIMIT 1";
        command.Parameters.AddWithValue("$id", id);
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetInt64(1)) : null;
    }
}
