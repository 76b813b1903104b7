namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>Which statements of this service on a database took long. Remembers at most 100 different ones. Thread-safe.</summary>
public sealed class SlowStatements(TimeProvider time)
{
    private const int MostKinds = 100;

    // Long by nature, and looked at where they belong: checks, rewrites, new indexes.
    private static readonly HashSet<string> LongByNature = ["VACUUM", "PRAGMA", "ANALYZE", "CREATE INDEX", "REINDEX"];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SlowStatement> _statements = [];

    /// <summary>From this time on a statement is slow. Default 1 s.</summary>
    public TimeSpan Threshold { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many there were.</summary>
    public MinuteCounter Counts { get; } = new(time);

    /// <summary>Those of the last day, the slowest first.</summary>
    public IReadOnlyList<SlowStatement> List()
    {
        var since = time.GetUtcNow() - TimeSpan.FromDays(1);
        lock (_lock)
            return [.. _statements.Values.Where(s => s.LastAt >= since).OrderByDescending(s => s.Longest)];
    }

    internal void Record(SqlSummary summary, TimeSpan took)
    {
        if (took < Threshold || LongByNature.Contains(summary.Operation))
            return;
        Counts.Add();
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (_statements.TryGetValue(summary.Text, out var known))
                _statements[summary.Text] = new SlowStatement(summary.Text, known.Count + 1, took > known.Longest ? took : known.Longest, now);
            else if (_statements.Count < MostKinds)
                _statements[summary.Text] = new SlowStatement(summary.Text, 1, took, now);
        }
    }
}

/// <summary>A statement that took long.</summary>
/// <param name="Summary">What it is, without values: <c>SELECT events</c>.</param>
/// <param name="Count">How often it was slow.</param>
/// <param name="Longest">The longest it took.</param>
/// <param name="LastAt">When it was slow last, UTC.</param>
public sealed record SlowStatement(string Summary, long Count, TimeSpan Longest, DateTimeOffset LastAt);
