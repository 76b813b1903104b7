using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Finds where the oldest so many rows of a table end, exactly and with little memory: rows are counted by day, then by minute within the day, and
/// only the rows of one minute are put in order.
/// </summary>
internal sealed class RowRank(SqliteConnection reader, RetentionTable table, long frozenTicks, HoldSet holds, CancellationToken cancellationToken)
{
    private const int Piece = 50_000;

    /// <summary>The cutoff by which all but the newest rows go; rows from the frozen moment on are not counted.</summary>
    /// <param name="keep">How many stay, 1 or more.</param>
    public Cutoff KeepNewest(long keep)
    {
        var days = Count(TimeSpan.TicksPerDay, 0, frozenTicks);
        return Oldest(days, days.Values.Sum() - keep);
    }

    /// <summary>The cutoff by which so many of the oldest rows go, or all there are.</summary>
    /// <param name="count">How many go; 0 or less: none.</param>
    public Cutoff Oldest(long count)
    {
        var days = Count(TimeSpan.TicksPerDay, 0, frozenTicks);
        return Oldest(days, Math.Min(count, days.Values.Sum()));
    }

    /// <summary>How many rows of before the frozen moment no hold pins by themselves.</summary>
    public long CountRows() => Count(TimeSpan.TicksPerDay, 0, frozenTicks).Values.Sum();

    private Cutoff Oldest(SortedDictionary<long, long> days, long count)
    {
        if (count <= 0)
            return Cutoff.Never;
        var (day, inDay) = Bucket(days, count);
        var start = day * TimeSpan.TicksPerDay;
        var (minute, inMinute) = Bucket(Count(TimeSpan.TicksPerMinute, start, Math.Min(start + TimeSpan.TicksPerDay, frozenTicks)), inDay);
        start = minute * TimeSpan.TicksPerMinute;
        var end = Math.Min(start + TimeSpan.TicksPerMinute, frozenTicks);
        var rows = new List<(long Ticks, long RowId)>();
        Scan(start, end, (ticks, rowId) => rows.Add((ticks, rowId)));
        rows.Sort();
        // The first row that stays is the cutoff; rows may have gone since they were counted.
        return inMinute < rows.Count ? new Cutoff(rows[(int)inMinute].Ticks, rows[(int)inMinute].RowId) : new Cutoff(end, long.MinValue);
    }

    /// <summary>Which bucket the row of this rank is in, and its rank there.</summary>
    private static (long Bucket, long Rank) Bucket(SortedDictionary<long, long> buckets, long rank)
    {
        var last = 0L;
        foreach (var (bucket, rows) in buckets)
        {
            if (rank <= rows)
                return (bucket, rank);
            rank -= rows;
            last = bucket;
        }

        return (last, long.MaxValue);
    }

    private SortedDictionary<long, long> Count(long bucketTicks, long from, long to)
    {
        var buckets = new SortedDictionary<long, long>();
        Scan(from, to, (ticks, _) => buckets[ticks / bucketTicks] = buckets.GetValueOrDefault(ticks / bucketTicks) + 1);
        return buckets;
    }

    private void Scan(long from, long to, Action<long, long> each)
    {
        using var scan = holds.HasSources && table.SourceColumn is { } source ? new RowScan(reader, table, source) : new RowScan(reader, table);
        var position = scan.IsInOrder ? new RowPosition(RowScan.LowerText(from), long.MinValue) : RowPosition.Start;
        var upper = RowScan.UpperText(to);
        for (var read = Piece; read == Piece;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            scan.Begin(position, upper, Piece);
            for (read = 0; scan.Next(); read++)
            {
                if (read == Piece - 1)
                    position = scan.Position;
                if (scan.TryReadTime(out var ticks) && ticks >= from && ticks < to && !IsHeld(scan, ticks))
                    each(ticks, scan.RowId);
            }
        }
    }

    private bool IsHeld(RowScan scan, long ticks) =>
        !holds.IsEmpty && (holds.PinsTime(ticks) || (holds.HasSources && table.SourceColumn is not null && holds.PinsSource(scan.Text(2))));
}
