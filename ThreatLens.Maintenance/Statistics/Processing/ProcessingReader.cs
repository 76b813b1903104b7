using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Statistics.Processing;

/// <summary>
/// Tells how events are processed in real time. Others write the table of events, so nothing about it is known before it is looked at: a
/// window costs what is in it (an index range), all events cost a walk through an index. Thread-safe.
/// </summary>
public sealed class ProcessingReader(SqliteDatabase database, TimeProvider time)
{
    /// <summary>Reads a window.</summary>
    /// <param name="from">It begins here, inclusive.</param>
    /// <param name="to">It ends here, exclusive; not before <paramref name="from"/>.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    /// <exception cref="MaintenanceException">SCHEMA_NOT_READY (there are no events), or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public ProcessingStatistics Read(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken = default) =>
        ReadSteps(from, to, TimeSpan.MaxValue, cancellationToken)[0];

    /// <summary>Reads a window in steps, each of which is a window of its own; the last one may be shorter.</summary>
    /// <param name="from">The first begins here, inclusive.</param>
    /// <param name="to">The last ends here, exclusive; not before <paramref name="from"/>.</param>
    /// <param name="step">Length of a step, above zero; no more than 10,000 steps.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    /// <returns>All steps in order, also those without events; at least one.</returns>
    /// <inheritdoc cref="Read"/>
    public IReadOnlyList<ProcessingStatistics> ReadSteps(DateTimeOffset from, DateTimeOffset to, TimeSpan step, CancellationToken cancellationToken = default)
    {
        var count = Math.Max(1, ((to - from).Ticks / step.Ticks) + ((to - from).Ticks % step.Ticks == 0 ? 0 : 1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 10_000);
        return PacedReading.Read(database, time, "reading events", reading =>
        {
            var hasColumns = Require(reading);
            var tallies = Enumerable.Range(0, (int)count).Select(_ => new ProcessingTally()).ToArray();
            WindowScan.Run(
                reading, RetentionTable.Events, from, to, hasColumns ? ProcessingTally.Columns : [],
                (row, ticks) => tallies[(ticks - from.UtcTicks) / step.Ticks].Add(row, hasColumns));
            var origin = reading.Origin;
            return tallies.Select((t, i) => t.ToStatistics(from.AddTicks(i * step.Ticks), i == count - 1 ? to : from.AddTicks((i + 1) * step.Ticks), origin)).ToList();
        }, cancellationToken);
    }

    /// <summary>Counts all events: a walk through the smallest index that tells, some 0.15 s a million events. Slow without that index.</summary>
    /// <param name="cancellationToken">Interrupts the counting.</param>
    /// <exception cref="MaintenanceException">SCHEMA_NOT_READY (there are no events), or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public ProcessingTotals ReadTotals(CancellationToken cancellationToken = default) => PacedReading.Read(database, time, "counting events", reading =>
    {
        if (!Require(reading))
            return new ProcessingTotals(EventCount.All(reading), null, null, reading.Origin);
        var (events, processed, pending) = EventCount.ByState(reading);
        return new ProcessingTotals(events, processed, pending, reading.Origin);
    }, cancellationToken);

    /// <returns>Whether the table has the columns of real-time processing.</returns>
    private static bool Require(PacedReading reading)
    {
        if (!reading.Connection.HasTable("events"))
            throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.SchemaNotReady, "The database has no table events: migrate it to 000_create_core_tables or later.");
        return ProcessingTally.Columns.All(column => reading.Connection.HasColumn("events", column));
    }
}
