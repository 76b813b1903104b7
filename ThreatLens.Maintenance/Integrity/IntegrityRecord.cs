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
    private bool _isRead;

    /// <summary>The last quick check that came to its end; null: none is known.</summary>
    public IntegrityCheckResult? LastQuick => Last(IntegrityDepth.Quick);

    /// <summary>The last full check that came to its end; null: none is known.</summary>
    public IntegrityCheckResult? LastFull => Last(IntegrityDepth.Full);

    /// <summary>The newer of the two; null: none is known.</summary>
    public IntegrityCheckResult? Newest => LastFull is { } full && (LastQuick is not { } quick || full.FinishedAt >= quick.FinishedAt) ? full : LastQuick;

    /// <summary>What the last checks found, of either depth: what a full check found stays until a full check finds it gone, since a quick one does not look there.</summary>
    public IReadOnlyList<string> Problems => [.. new[] { LastQuick, LastFull }.OfType<IntegrityCheckResult>().SelectMany(c => c.Problems).Distinct(StringComparer.Ordinal)];

    /// <summary>Keeps a result in memory only: of a look that was no operation.</summary>
    /// <param name="result">What was found.</param>
    public void Remember(IntegrityCheckResult result)
    {
        lock (_lock)
        {
            Read();
            Keep(result);
        }
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
        }
    }

    private IntegrityCheckResult? Last(IntegrityDepth depth)
    {
        lock (_lock)
        {
            Read();
            return _last.GetValueOrDefault(depth);
        }
    }

    /// <summary>Once; until it works, each time. Later checks come by way of this object.</summary>
    private void Read()
    {
        if (_isRead || !database.FileExists)
            return;
        try
        {
            var stored = SqliteSession.Read(database, "reading integrity checks", session => session.HasTable(Table)
                ? session.Query($"SELECT depth, finished_at, duration_ms, problems, operation_id FROM {Table}", Map)
                : []);
            stored.ForEach(Keep);
            _isRead = true;
        }
        catch (MaintenanceException)
        {
            // What is remembered still counts, and whatever keeps the database from being read is told by others.
        }
    }

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
