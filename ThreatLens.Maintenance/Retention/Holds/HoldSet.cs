using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Retention.Holds;

/// <summary>The holds in force at one moment, ready to be asked about rows. Immutable.</summary>
internal sealed class HoldSet
{
    public static readonly HoldSet None = new([]);

    private readonly (long Start, long End)[] _ranges;
    private readonly HashSet<string> _sources;
    private readonly HashSet<string> _events;

    public HoldSet(IReadOnlyList<Hold> holds)
    {
        Ids = [.. holds.Select(h => h.Id)];
        _ranges = [.. holds.Where(h => h.Target.End is not null).Select(h => (h.Target.Start?.UtcTicks ?? 0, h.Target.End!.Value.UtcTicks))];
        _sources = [.. holds.Select(h => h.Target.SourceName).OfType<string>()];
        _events = [.. holds.Select(h => h.Target.EventId).OfType<string>()];
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(holds))));
    }

    public IReadOnlyList<string> Ids { get; }

    /// <summary>Equal as long as the same holds are in force.</summary>
    public string Fingerprint { get; }

    public bool IsEmpty => Ids.Count == 0;

    public bool HasRanges => _ranges.Length > 0;

    public bool HasSources => _sources.Count > 0;

    /// <summary>Those that are in force now, as the connection sees them.</summary>
    public static HoldSet Read(SqliteConnection connection, DateTimeOffset now)
    {
        var holds = HoldRows.Read(connection, now);
        return holds.Count == 0 ? None : new HoldSet(holds);
    }

    /// <summary>Whether a moment is within a pinned range.</summary>
    /// <param name="ticks">The moment, ticks UTC; null (unknown): no range pins it.</param>
    public bool PinsTime(long? ticks)
    {
        foreach (var (start, end) in _ranges)
        {
            if (ticks >= start && ticks < end)
                return true;
        }

        return false;
    }

    /// <summary>Whether any moment of a span is within a pinned range.</summary>
    public bool PinsSpan(long start, long end) => Array.Exists(_ranges, r => r.Start < end && start < r.End);

    public bool PinsSource(string? source) => source is not null && _sources.Contains(source);

    public bool PinsEvent(string? id) => id is not null && _events.Contains(id);
}
