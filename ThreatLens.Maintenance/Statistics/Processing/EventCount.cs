using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Processing;

/// <summary>Counts all events in pieces, from an index where there is one.</summary>
internal static class EventCount
{
    private const int PieceRows = 20_000;
    private const string Pending = "realtime_processed = 1 AND notification_sent = 0";

    /// <summary>All events.</summary>
    public static long All(PacedReading reading) => Number(reading, "SELECT count(*) FROM events");

    /// <summary>Events by what was done with them.</summary>
    public static (long Events, long Processed, long Pending) ByState(PacedReading reading)
    {
        // By literals, so that SQLite may take a partial index of exactly these rows: it is as small as the queue is.
        var isQueueIndexed = reading.Connection.Scalar(
            "SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events' AND name IN ('idx_events_notification_queue', 'idx_events_notification_pending')") is not null;
        var pending = isQueueIndexed ? Number(reading, $"SELECT count(*) FROM events WHERE {Pending}") : 0;
        reading.BetweenPieces();
        var index = RowScan.FindIndex(reading.Connection, "events", "realtime_processed");
        if (index is null)
        {
            var all = Pieces(reading, "NOT INDEXED", "?1 IS NULL", null, countsPending: true);
            return (all.Rows, all.Processed, all.Pending);
        }

        var indexed = "INDEXED BY " + RowScan.Quoted(index);
        var processed = Pieces(reading, indexed, "realtime_processed IS ?1", 1, countsPending: !isQueueIndexed);
        var others = Pieces(reading, indexed, "realtime_processed IS ?1", null, countsPending: false).Rows
            + Pieces(reading, indexed, "realtime_processed IS ?1", 0, countsPending: false).Rows
            + Number(reading, $"SELECT (SELECT count(*) FROM events {indexed} WHERE realtime_processed < 0) + (SELECT count(*) FROM events {indexed} WHERE realtime_processed > 0 AND realtime_processed < 1) + (SELECT count(*) FROM events {indexed} WHERE realtime_processed > 1)");
        return (processed.Rows + others, processed.Rows, isQueueIndexed ? pending : processed.Pending);
    }

    /// <summary>Walks through the rows with that value by their row ids, so that each piece knows where the next one begins.</summary>
    private static (long Rows, long Processed, long Pending) Pieces(PacedReading reading, string indexed, string condition, long? value, bool countsPending)
    {
        var sent = countsPending ? ", count(CASE WHEN s = 0 AND p = 1 THEN 1 END)" : ", 0";
        var columns = countsPending ? ", notification_sent AS s" : "";
        using var piece = new BoundStatement(
            reading.Connection,
            $"""
            SELECT count(*), max(r), count(CASE p WHEN 1 THEN 1 END){sent} FROM (
                SELECT rowid AS r, realtime_processed AS p{columns} FROM events {indexed} WHERE {condition} AND rowid > ?2 ORDER BY rowid LIMIT {PieceRows})
            """);
        var (rows, processed, pending) = (0L, 0L, 0L);
        for (var (after, found) = (long.MinValue, (long)PieceRows); found == PieceRows;)
        {
            reading.BetweenPieces();
            if (value is { } number)
                piece.Bind(1, number);
            piece.Bind(2, after);
            piece.Step();
            found = piece.Int64(0);
            (rows, processed, pending) = (rows + found, processed + piece.Int64(2), pending + piece.Int64(3));
            after = piece.Int64(1);
            piece.Reset();
        }

        return (rows, processed, pending);
    }

    private static long Number(PacedReading reading, string sql) => (long)reading.Connection.Scalar(sql)!;
}
