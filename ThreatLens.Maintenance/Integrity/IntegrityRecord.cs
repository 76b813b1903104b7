using System.Text.Json;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Integrity;

/// <summary>
/// The last integrity checks: when, how deep, what they found. Those that were operations are in the service's own table
/// <c>maintenance_integrity_checks</c> and survive restarts; what could not be written down, as in a damaged file, is remembered. Thread-safe.
/// </summary>
public sealed class IntegrityRecord(SqliteDatabase database)
{
    private const string Table = "maintenance_integrity_checks";
    private readonly Lock _lock = new();
    private readonly Dictionary<IntegrityDepth, IntegrityCheckResult> _last = [];
    private volatile bool _isRead;
    private volatile int _content;

    /// <summary>The last quick check that came to its end; null: none is known.</summary>
    public IntegrityCheckResult? LastQuick => Last(IntegrityDepth.Quick);

    /// <summary>The last full check that came to its end; null: none is known.</summary>
    public IntegrityCheckResult? LastFull => Last(IntegrityDepth.Full);

    /// <summary>The newer of the two; null: none is known.</summary>
    public IntegrityCheckResult? Newest => Newer(LastQuick, LastFull);

    /// <summary>What the last checks found, of either depth: what a full check found stays until a full check finds it gone, since a quick one does not look there.</summary>
    public IReadOnlyList<string> Problems => ProblemsOf(LastQuick, LastFull);

    /// <summary>The newer one.</summary>
    internal static IntegrityCheckResult? Newer(IntegrityCheckResult? quick, IntegrityCheckResult? full) => full is not null && (quick is null || full.FinishedAt >= quick.FinishedAt) ? full : quick;

    /// <summary>What either found.</summary>
    internal static IReadOnlyList<string> ProblemsOf(params ReadOnlySpan<IntegrityCheckResult?> checks)
    {
        var problems = new List<string>();
        foreach (var check in checks)
            problems.AddRange(check?.Problems ?? []);
        return [.. problems.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Keeps a result in memory only: of a look that was no operation.</summary>
    /// <param name="result">What was found.</param>
    public void Remember(IntegrityCheckResult result)
    {
        Read();
        lock (_lock)
            Keep(result);
    }

    /// <summary>Writes a result down, in place of the last one of its depth, and remembers it.</summary>
    /// <param name="result">What was found.</param>
    /// <exception cref="MaintenanceException">It could not be written; it is remembered all the same.</exception>
    public void Store(IntegrityCheckResult result)
    {
        Remember(result);
        SqliteSession.Write(database, "recording an integrity check", session => session.Execute(
            $"INSERT OR REPLACE INTO {Table}(depth, finished_at, duration_ms, problems, operation_id) VALUES ($depth, $finished, $duration, $problems, $operation)",
            ("$depth", result.Depth.ToString()), ("$finished", SqliteTimestamp.Format(result.FinishedAt)), ("$duration", result.Duration.TotalMilliseconds),
            ("$problems", JsonSerializer.Serialize(result.Problems)), ("$operation", result.OperationId)));
    }

    /// <summary>Forgets what was of a content that has been replaced; what the new content has on record counts.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _last.Clear();
            _isRead = false;
            _content++;
        }
    }

    /// <summary>
    /// What is known, of either depth, when nothing may be waited for: what is on record, and was not read before, comes from a snapshot that is open
    /// already. It is not kept: the content may be replaced while the snapshot is looked at.
    /// </summary>
    /// <param name="snapshot">The snapshot; null: the database cannot be read now, or there is none.</param>
    internal (IntegrityCheckResult? Quick, IntegrityCheckResult? Full) Known(SqliteSession? snapshot)
    {
        var stored = _isRead || snapshot is null ? [] : OnRecord(snapshot);
        lock (_lock)
            return (Newest(IntegrityDepth.Quick), Newest(IntegrityDepth.Full));
        IntegrityCheckResult? Newest(IntegrityDepth depth) =>
            stored.Append(_last.GetValueOrDefault(depth)).OfType<IntegrityCheckResult>().Where(c => c.Depth == depth).MaxBy(c => c.FinishedAt);
    }

    private IntegrityCheckResult? Last(IntegrityDepth depth)
    {
        Read();
        lock (_lock)
            return _last.GetValueOrDefault(depth);
    }

    /// <summary>
    /// Once; until it works, each time. Later checks come by way of this object. Not within the lock: a database that somebody holds is waited for here,
    /// and what is remembered is told meanwhile.
    /// </summary>
    private void Read()
    {
        var content = _content;
        if (_isRead || !database.FileExists)
            return;
        try
        {
            var stored = SqliteSession.Read(database, "reading integrity checks", Stored);
            lock (_lock)
            {
                // Read from a content that has been replaced since: it says nothing of the new one.
                if (content != _content)
                    return;
                stored.ForEach(Keep);
                _isRead = true;
            }
        }
        catch (MaintenanceException)
        {
            // What is remembered still counts, and whatever keeps the database from being read is told by others.
        }
    }

    private static List<IntegrityCheckResult> OnRecord(SqliteSession snapshot)
    {
        try
        {
            return Stored(snapshot);
        }
        catch (SqliteException)
        {
            // As above: the record may be what is damaged.
            return [];
        }
    }

    private static List<IntegrityCheckResult> Stored(SqliteSession session) => session.HasTable(Table)
        ? session.Query($"SELECT depth, finished_at, duration_ms, problems, operation_id FROM {Table}", Map)
        : [];

    private void Keep(IntegrityCheckResult result)
    {
        if (!_last.TryGetValue(result.Depth, out var known) || known.FinishedAt <= result.FinishedAt)
            _last[result.Depth] = result;
    }

    private static IntegrityCheckResult Map(SqliteDataReader row) => new(
        Enum.Parse<IntegrityDepth>(row.GetString(0)), SqliteTimestamp.TryParse(row.GetString(1), out var finished) ? finished : default,
        TimeSpan.FromMilliseconds(row.GetDouble(2)), JsonSerializer.Deserialize<List<string>>(row.GetString(3)) ?? [])
    {
        OperationId = row.GetString(4),
    };
}
