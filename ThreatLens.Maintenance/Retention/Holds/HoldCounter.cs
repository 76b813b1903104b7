using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention.Holds;

/// <summary>Counts what a hold pins, row by row: exact, and as slow as reading the tables is. Thread-safe.</summary>
public sealed class HoldCounter(SqliteDatabase database, HoldStore store, TimeProvider time)
{
    /// <summary>Rows that a new hold would pin, whether others pin them too.</summary>
    /// <param name="target">What it would pin.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public long CountPinned(HoldTarget target, CancellationToken cancellationToken) => Count(Alone(target), HoldSet.None, cancellationToken);

    /// <summary>Rows that nothing pins any more once a hold is released.</summary>
    /// <param name="id">The hold.</param>
    /// <param name="cancellationToken">Stops counting.</param>
    /// <exception cref="MaintenanceException">HOLD_NOT_FOUND, or the database cannot be read.</exception>
    public long CountReleased(string id, CancellationToken cancellationToken)
    {
        var hold = store.Get(id);
        if (hold.ExpiresAt <= time.GetUtcNow())
            return 0;
        var others = SqliteSession.Read(database, "reading holds", _ => store.List(HoldStore.MaxHolds, null, includeExpired: false).Where(h => h.Id != id).ToList());
        return Count(Alone(hold.Target), new HoldSet(others), cancellationToken);
    }

    private static HoldSet Alone(HoldTarget target) => new([new Hold { Id = "", Target = target, Reason = "", CreatedBy = "", CreatedAt = default }]);

    private long Count(HoldSet hold, HoldSet others, CancellationToken cancellationToken)
    {
        if (!database.FileExists)
            return 0;
        try
        {
            using var reader = database.OpenReader();
            using var interrupt = cancellationToken.Register(() => SQLitePCL.raw.sqlite3_interrupt(reader.Handle));
            return new Tables(reader, hold, others).Count();
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, "counting what a hold pins");
        }
    }

    /// <summary>One count over one connection.</summary>
    private sealed class Tables(SqliteConnection reader, HoldSet hold, HoldSet others)
    {
        private readonly HashSet<string> _events = [];
        private readonly HashSet<string> _rawLogs = [];

        public long Count()
        {
            // What belongs to events pins them, and they pin what belongs to them: twice over suffices.
            if (Has(RetentionTable.Events))
                Each("SELECT timestamp, source, id, raw_log_id FROM events", row => PinEvent(row, Pins(row, hold)));
            foreach (var table in (RetentionTable[])[RetentionTable.Analyses, RetentionTable.Notifications])
            {
                if (hold.HasRanges && Has(table) && Has(RetentionTable.Events))
                    Each($"SELECT c.{table.TimeColumn}, NULL, e.id, e.raw_log_id FROM {table.Name} c JOIN events e ON e.id = c.event_id", row => PinEvent(row, hold.PinsTime(Time(row))));
            }

            return CountEvents() + CountChildren(RetentionTable.Analyses) + CountChildren(RetentionTable.Notifications) + CountRawLogs()
                + CountPlain(RetentionTable.Metrics) + CountPlain(RetentionTable.Operations) + CountRollups();
        }

        private void PinEvent(BoundStatement row, bool pinned)
        {
            if (!pinned)
                return;
            _events.Add(row.Text(2));
            _rawLogs.Add(row.Text(3));
        }

        private long CountEvents() => !Has(RetentionTable.Events) ? 0 : Sum("SELECT timestamp, source, id FROM events", row => _events.Contains(row.Text(2)) && !Pins(row, others));

        private long CountChildren(RetentionTable table) => !Has(table) ? 0 : Sum(
            Has(RetentionTable.Events)
                ? $"SELECT c.{table.TimeColumn}, e.source, c.event_id, e.timestamp FROM {table.Name} c LEFT JOIN events e ON e.id = c.event_id"
                : $"SELECT {table.TimeColumn}, NULL, event_id, NULL FROM {table.Name}",
            row => (_events.Contains(row.Text(2)) || hold.PinsTime(Time(row)) || hold.PinsEvent(row.Text(2))) && !Pins(row, others) && !others.PinsTime(Time(row, 3)));

        private long CountRawLogs() => !Has(RetentionTable.RawLogs) ? 0 : Sum(
            "SELECT ingested_at, source, id FROM raw_logs", row => (_rawLogs.Contains(row.Text(2)) || hold.PinsTime(Time(row)) || Source(row, hold)) && !others.PinsTime(Time(row)) && !Source(row, others));

        private long CountPlain(RetentionTable table) => !Has(table) ? 0 : Sum(
            $"SELECT {table.TimeColumn}, {table.SourceColumn ?? "NULL"} FROM {table.Name}",
            row => (hold.PinsTime(Time(row)) || Source(row, hold)) && !others.PinsTime(Time(row)) && !Source(row, others));

        private long CountRollups() => !Has(RetentionTable.Rollups) ? 0 : Sum(
            $"SELECT minute, source_name FROM {RetentionTable.Rollups.Name}", row => PinsMinute(row, hold) && !PinsMinute(row, others));

        private static bool PinsMinute(BoundStatement row, HoldSet holds)
        {
            var start = RollupsStep.TicksOf(row.Int64(0));
            return holds.PinsSpan(start, start + TimeSpan.TicksPerMinute) || Source(row, holds);
        }

        private static bool Pins(BoundStatement row, HoldSet holds) => holds.PinsTime(Time(row)) || Source(row, holds) || holds.PinsEvent(row.Text(2));

        private static bool Source(BoundStatement row, HoldSet holds) => holds.HasSources && holds.PinsSource(row.Text(1));

        private static long? Time(BoundStatement row, int column = 0) => row.IsText(column) && TimestampBytes.TryRead(row.Utf8(column), out var ticks) ? ticks : null;

        private bool Has(RetentionTable table) => EventLookup.HasTable(reader, table.Name);

        private long Sum(string sql, Func<BoundStatement, bool> counts)
        {
            var sum = 0L;
            Each(sql, row => sum += counts(row) ? 1 : 0);
            return sum;
        }

        private void Each(string sql, Action<BoundStatement> each)
        {
            using var rows = new BoundStatement(reader, sql);
            while (rows.Step())
                each(rows);
        }
    }
}
