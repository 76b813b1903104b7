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
        var others = store.List(HoldStore.MaxHolds, null, includeExpired: false).Where(h => h.Id != id).ToList();
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
        private readonly Pinned _by = new(hold);
        private readonly Pinned _byOthers = new(others);

        public long Count()
        {
            if (Has(RetentionTable.Events))
            {
                // An event is pinned by itself, or by what belongs to it.
                Each("SELECT timestamp, source, id, raw_log_id FROM events", row => AddEvent(row, p => p.Itself(row) || p.Holds.PinsEvent(row.Text(2))));
                foreach (var table in (RetentionTable[])[RetentionTable.Analyses, RetentionTable.Notifications])
                {
                    if (Has(table))
                        Each($"SELECT c.{table.TimeColumn}, NULL, e.id, e.raw_log_id FROM {table.Name} c JOIN events e ON e.id = c.event_id", row => AddEvent(row, p => p.Holds.PinsTime(Time(row))));
                }
            }

            return Sum(RetentionTable.Events, "SELECT timestamp, source, id FROM events", (p, row) => p.Events.Contains(row.Text(2)))
                + CountChildren(RetentionTable.Analyses) + CountChildren(RetentionTable.Notifications)
                + Sum(RetentionTable.RawLogs, "SELECT ingested_at, source, id FROM raw_logs", (p, row) => p.RawLogs.Contains(row.Text(2)) || p.Itself(row))
                + Sum(RetentionTable.Metrics, "SELECT timestamp, source_name FROM processing_metrics", (p, row) => p.Itself(row))
                + Sum(RetentionTable.Operations, "SELECT created_at, NULL FROM maintenance_operations", (p, row) => p.Itself(row))
                + Sum(RetentionTable.Rollups, $"SELECT minute, source_name FROM {RetentionTable.Rollups.Name}", (p, row) => p.Minute(row));
        }

        private long CountChildren(RetentionTable table) => Sum(
            table, $"SELECT {table.TimeColumn}, NULL, event_id FROM {table.Name}", (p, row) => p.Events.Contains(row.Text(2)) || p.Holds.PinsEvent(row.Text(2)) || p.Itself(row));

        private void AddEvent(BoundStatement row, Func<Pinned, bool> pins)
        {
            foreach (var pinned in (Pinned[])[_by, _byOthers])
            {
                if (!pins(pinned))
                    continue;
                pinned.Events.Add(row.Text(2));
                pinned.RawLogs.Add(row.Text(3));
            }
        }

        private bool Has(RetentionTable table) => EventLookup.HasTable(reader, table.Name);

        private long Sum(RetentionTable table, string sql, Func<Pinned, BoundStatement, bool> pins)
        {
            var sum = 0L;
            if (Has(table))
                Each(sql, row => sum += pins(_by, row) && !pins(_byOthers, row) ? 1 : 0);
            return sum;
        }

        private void Each(string sql, Action<BoundStatement> each)
        {
            using var rows = new BoundStatement(reader, sql);
            while (rows.Step())
                each(rows);
        }
    }

    /// <summary>What some holds pin, as far as it has to be remembered.</summary>
    private sealed class Pinned(HoldSet holds)
    {
        public HoldSet Holds { get; } = holds;

        public HashSet<string> Events { get; } = [];

        public HashSet<string> RawLogs { get; } = [];

        /// <summary>By the row's own time, in column 0, or its source, in column 1.</summary>
        public bool Itself(BoundStatement row) => Holds.PinsTime(Time(row)) || (Holds.HasSources && Holds.PinsSource(row.Text(1)));

        public bool Minute(BoundStatement row)
        {
            var start = RollupsStep.TicksOf(row.Int64(0));
            return Holds.PinsSpan(start, start + TimeSpan.TicksPerMinute) || Holds.PinsSource(row.Text(1));
        }
    }

    private static long? Time(BoundStatement row) => row.IsText(0) && TimestampBytes.TryRead(row.Utf8(0), out var ticks) ? ticks : null;
}
