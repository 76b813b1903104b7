using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// Sums up the rows that are not in the rollups yet: those from before there were any, those that other programs added. One call is one
/// short transaction, newest rows first. Thread-safe.
/// </summary>
public sealed class RollupCatchUp(SqliteDatabase database)
{
    /// <summary>Rows of the first transaction; from then on as many as <see cref="Turn"/> was enough for.</summary>
    public const int FirstRows = 200;

    private const int FewestRows = 50;
    private const int MostRows = 1_000;

    /// <summary>What one transaction is to take, which is what it can hold up ingest: rows of many minutes take ten times as long as those of one.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(10);

    // A range of the past, a row in the range of what is to come, or ids that begin anew.
    private const string Work =
        """
        SELECT count(*) = 0 OR coalesce(sum(last_id < $last AND first_id <= $through), 0) > 0 OR max(first_id) > $top + 1
            OR EXISTS (SELECT 1 FROM processing_metrics WHERE id >= (SELECT max(first_id) FROM maintenance_rollup_pending) AND id < $last AND id <= $through)
        FROM maintenance_rollup_pending
        """;

    private const string Rows =
        "SELECT id, source_name, metric_type, metric_value, timestamp FROM processing_metrics WHERE id BETWEEN $first AND $last ORDER BY id DESC LIMIT $limit";

    private volatile int _rows = FirstRows;

    /// <summary>Sums up a chunk, if there is one. Changes nothing in a database whose tables for that this service has not made.</summary>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    /// <returns>Whether there was something to do, and may be more.</returns>
    /// <exception cref="Errors.MaintenanceException">The database cannot be read or written.</exception>
    public bool Step(CancellationToken cancellationToken) => Step(RollupLedger.LastId, static _ => true, cancellationToken);

    /// <summary>Sums up everything that is there now, chunk by chunk; what comes meanwhile from others is not waited for.</summary>
    /// <param name="isWanted">Asked for every sum; those that are not wanted count as summed up, and are left out.</param>
    /// <param name="cancellationToken">Stops between two chunks; what is summed up is.</param>
    /// <exception cref="Errors.MaintenanceException">The database cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal void SumUpAll(Func<RollupKey, bool> isWanted, CancellationToken cancellationToken)
    {
        var newest = SqliteSession.Read(
            database, "looking for metrics to sum up",
            session => session.HasTable("processing_metrics") ? session.Query("SELECT max(id) FROM processing_metrics", row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0))[0] : null,
            cancellationToken);
        while (newest is { } through && Step(through, isWanted, cancellationToken))
            cancellationToken.ThrowIfCancellationRequested();
    }

    private bool Step(long through, Func<RollupKey, bool> isWanted, CancellationToken cancellationToken)
    {
        if (!SqliteSession.Read(database, "looking for metrics to sum up", session => HasWork(session, through), cancellationToken))
            return false;
        using var turn = database.WriteGate.Enter(cancellationToken);
        try
        {
            var begun = database.Time.GetTimestamp();
            using var connection = database.OpenWriter();
            using var transaction = ImmediateTransaction.Begin(connection);
            var hadWork = SumUp(connection, through, isWanted);
            transaction.Commit();
            Adapt(database.Time.GetElapsedTime(begun));
            return hadWork;
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "summing up metrics");
        }
    }

    /// <summary>Half as many rows after a transaction that took too long, a few more after one that did not.</summary>
    private void Adapt(TimeSpan took) => _rows = took > Turn ? Math.Max(_rows / 2, FewestRows) : Math.Min(_rows + FewestRows, MostRows);

    private static bool HasWork(SqliteSession session, long through)
    {
        if (!session.HasTable("maintenance_rollup_pending") || !session.HasTable("processing_metrics")
            || session.Query("SELECT version FROM maintenance_schema", row => row.GetInt32(0)).SingleOrDefault() != ServiceSchema.LatestVersion)
            return false;
        var top = session.Query(RollupLedger.TopId(session.HasTable("sqlite_sequence")), row => row.GetInt64(0))[0];
        return session.Query(Work, row => row.GetBoolean(0), ("$top", top), ("$last", RollupLedger.LastId), ("$through", through))[0];
    }

    private bool SumUp(SqliteConnection connection, long through, Func<RollupKey, bool> isWanted)
    {
        // Looked at again: from here on nobody else writes.
        if (connection.Texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('processing_metrics', 'maintenance_rollup_pending')").Count < 2)
            return false;
        var highest = connection.Scalar("SELECT max(id) FROM processing_metrics") as long?;
        var top = (long)connection.Scalar(RollupLedger.TopId(connection.Scalar("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'") is not null))!;
        if (RollupLedger.ToCome(connection) is not { } toCome || (toCome.First > long.MinValue && toCome.First - 1 > top))
        {
            // What was summed up is no longer there, and its ids will be given out again.
            RollupLedger.Restart(connection);
            toCome = (long.MinValue, RollupLedger.LastId);
        }

        if (highest >= toCome.First && toCome.First < RollupLedger.LastId)
            RollupLedger.Split(connection, toCome, Math.Min(highest.Value, RollupLedger.LastId - 1));
        return RollupLedger.Highest(connection, through) is { } range && SumUp(connection, range, isWanted);
    }

    private bool SumUp(SqliteConnection connection, (long First, long Last) range, Func<RollupKey, bool> isWanted)
    {
        var limit = _rows;
        using var table = new RollupTable(connection);
        using var span = StatementSpan.Start(database, Rows);
        using var command = connection.CreateCommand();
        command.CommandText = Rows;
        command.Parameters.AddWithValue("$first", range.First);
        command.Parameters.AddWithValue("$last", range.Last);
        command.Parameters.AddWithValue("$limit", limit);
        var deltas = new RollupDeltas();
        var (count, lowest) = (0, range.First);
        using (var row = command.ExecuteReader())
        {
            for (; row.Read(); count++)
            {
                lowest = row.GetInt64(0);
                deltas.Add(MetricColumns.Text(row, 1), MetricColumns.Text(row, 2), MetricColumns.Text(row, 3), MetricColumns.Text(row, 4), lowest);
            }
        }

        deltas.Keep(isWanted);
        table.Add(deltas);
        RollupLedger.Narrow(connection, range, count < limit ? range.First : lowest, range.Last);
        return true;
    }
}
