using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Notifications;

/// <summary>
/// Tells how notifications went. Others write their table: a window costs what is in it (an index range), all of them cost a walk through the
/// table. Thread-safe.
/// </summary>
public sealed class NotificationReader(SqliteDatabase database, TimeProvider time)
{
    private const int PieceRows = 20_000;

    // Behind the row's id and time.
    private static readonly string[] Columns = ["channel", "notification_type", "status"];

    /// <summary>Reads a window.</summary>
    /// <param name="from">It begins here, inclusive.</param>
    /// <param name="to">It ends here, exclusive.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    /// <exception cref="MaintenanceException">SCHEMA_NOT_READY (there is no such table), or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public NotificationStatistics Read(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default) => Read(reading =>
    {
        var tally = new NotificationTally();
        WindowScan.Run(reading, RetentionTable.Notifications, from, to, Columns, (row, _) => tally.Add(row.Text(2), row.Text(3), row.Text(4), 1));
        return tally.ToStatistics(reading.Origin, CountUndated(reading)) with { From = from, To = to };
    }, cancellationToken);

    /// <summary>Counts all notifications: a walk through the table, some 0.7 s a million.</summary>
    /// <param name="cancellationToken">Interrupts the counting.</param>
    /// <exception cref="MaintenanceException">SCHEMA_NOT_READY (there is no such table), or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public NotificationStatistics ReadAll(CancellationToken cancellationToken = default) => Read(reading =>
    {
        var tally = new NotificationTally();
        using var piece = new BoundStatement(
            reading.Connection,
            $"""
            SELECT channel, notification_type, status, count(*), max(r) FROM (
                SELECT rowid AS r, channel, notification_type, status FROM notification_history NOT INDEXED WHERE rowid > ?1 ORDER BY rowid LIMIT {PieceRows})
            GROUP BY 1, 2, 3
            """);
        for (var (after, found) = (long.MinValue, (long)PieceRows); found == PieceRows;)
        {
            reading.BetweenPieces();
            piece.Bind(1, after);
            for (found = 0; piece.Step(); found += piece.Int64(3))
            {
                tally.Add(piece.Text(0), piece.Text(1), piece.Text(2), piece.Int64(3));
                after = Math.Max(after, piece.Int64(4));
            }
        }

        return tally.ToStatistics(reading.Origin, CountUndated(reading));
    }, cancellationToken);

    private NotificationStatistics Read(Func<PacedReading, NotificationStatistics> read, CancellationToken cancellationToken) => PacedReading.Read(
        database,
        time,
        "reading notifications",
        reading =>
        {
            if (!reading.Connection.HasTable("notification_history"))
                throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.SchemaNotReady, "The database has no table notification_history: migrate it to 001_add_realtime_tables or later.");
            return read(reading);
        },
        cancellationToken);

    /// <summary>From the index on the times; without it a walk through the table more, which the window costs then anyway.</summary>
    private static long CountUndated(PacedReading reading)
    {
        using var scan = new RowScan(reading.Connection, RetentionTable.Notifications);
        return scan.CountWithoutTime();
    }
}
