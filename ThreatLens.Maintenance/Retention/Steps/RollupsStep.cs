using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>Sums of minutes that are past their cutoff as a whole.</summary>
internal sealed class RollupsStep : CleanupStep
{
    private const int MinLook = 1_000;

    private readonly BoundStatement _rows;
    private readonly long _cutoffMinute;
    private readonly List<Key> _keys = [];
    private BoundStatement? _delete;
    private Key _position = new(long.MinValue, "", "");
    private Key _next;

    /// <param name="reader">Where to look; the table is there.</param>
    /// <param name="cutoff">What goes.</param>
    public RollupsStep(SqliteConnection reader, Cutoff cutoff)
        : base(RetentionTable.Rollups)
    {
        _cutoffMinute = MinuteOf(cutoff.Ticks);
        _rows = Own(new BoundStatement(
            reader,
            $"SELECT minute, source_name, metric_type FROM {Table.Name} WHERE (minute, source_name, metric_type) > (?1, ?2, ?3) AND minute < ?4 ORDER BY minute, source_name, metric_type LIMIT ?5"));
    }

    /// <summary>The minute, since 1970, that a moment is in.</summary>
    public static long MinuteOf(long ticks) => (long)Math.Floor((ticks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerMinute);

    /// <summary>The moment a minute begins, ticks.</summary>
    public static long TicksOf(long minute) => DateTime.UnixEpoch.Ticks + (Math.Clamp(minute, -1_000_000_000, 4_000_000_000) * TimeSpan.TicksPerMinute);

    /// <summary>Whether the sum of a minute is past the cutoff and not pinned.</summary>
    public static bool Goes(long minute, string source, Cutoff cutoff, HoldSet holds) => minute < MinuteOf(cutoff.Ticks) && !IsHeld(minute, source, holds);

    public override Found Find(int rows, HoldSet holds)
    {
        var found = new Found();
        _keys.Clear();
        _next = _position;
        var (read, limit) = (0, Math.Max(rows, MinLook));
        Bind(limit);
        while (_keys.Count < rows && _rows.Step())
        {
            read++;
            _next = new Key(_rows.Int64(0), _rows.Text(1), _rows.Text(2));
            if (IsHeld(_next.Minute, _next.Source, holds))
            {
                found.Held++;
                continue;
            }

            _keys.Add(_next);
            found.Rows.Add(new GoingRow(0, "", TicksOf(_next.Minute), $"{_next.Minute}/{_next.Source}/{_next.Type}"));
        }

        _rows.Reset();
        found.IsLast = read < limit && _keys.Count < rows;
        return found;
    }

    public override Deleted? Delete(SqliteConnection writer)
    {
        var delete = Prepared(ref _delete, writer, $"DELETE FROM {Table.Name} WHERE minute = ?1 AND source_name = ?2 AND metric_type = ?3");
        var deleted = 0L;
        foreach (var key in _keys)
        {
            delete.Bind(1, key.Minute);
            delete.Bind(2, key.Source);
            delete.Bind(3, key.Type);
            deleted += delete.Run();
        }

        return new Deleted(deleted, default);
    }

    public override void Advance() => _position = _next;

    private static bool IsHeld(long minute, string source, HoldSet holds)
    {
        var start = TicksOf(minute);
        return holds.PinsSpan(start, start + TimeSpan.TicksPerMinute) || holds.PinsSource(source);
    }

    private void Bind(int limit)
    {
        _rows.Bind(1, _position.Minute);
        _rows.Bind(2, _position.Source);
        _rows.Bind(3, _position.Type);
        _rows.Bind(4, _cutoffMinute);
        _rows.Bind(5, limit);
    }

    private readonly record struct Key(long Minute, string Source, string Type);
}
