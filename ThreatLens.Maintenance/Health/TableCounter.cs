using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Health;

/// <summary>
/// Rows per table: counted on the spot while that is quick, else from a background count whose age is told. Thread-safe.
/// </summary>
public sealed class TableCounter(SqliteDatabase database, IOptions<HealthOptions> options, TimeProvider time, ILogger<TableCounter> logger)
{
    private const long QuickFileBytes = 16 * 1024 * 1024;
    private readonly Lock _lock = new();
    private TableCounts? _last;
    private TimeSpan _lastDuration;
    private Task _background = Task.CompletedTask;

    /// <summary>The counts; null while a large database has not been counted yet, or does not exist.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    public TableCounts? Get()
    {
        if (!database.FileExists)
            return null;
        lock (_lock)
        {
            var quick = _last is null ? new FileInfo(database.Path).Length < QuickFileBytes : _lastDuration < options.Value.MaxInlineCount;
            if (quick)
                return Count() with { Method = FigureMethod.Exact };
            if (_background.IsCompleted && (_last is null || time.GetUtcNow() - _last.CountedAt > options.Value.MaxCountAge))
                _background = Task.Run(CountInBackground);
            return _last;
        }
    }

    private void CountInBackground()
    {
        try
        {
            Count();
        }
        catch (MaintenanceException e)
        {
            Log.CountFailed(logger, e, e.Reason);
        }
    }

    private TableCounts Count()
    {
        var begun = time.GetTimestamp();
        var rows = SqliteSession.Read(database, "counting rows", session => session
            .Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", row => row.GetString(0))
            .Select(table => (table, session.Query($"SELECT count(*) FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", row => row.GetInt64(0))[0]))
            .ToList());
        var counts = new TableCounts(time.GetUtcNow(), rows, FigureMethod.Sampled);
        (_last, _lastDuration) = (counts, time.GetElapsedTime(begun));
        return counts;
    }
}

/// <summary>Rows per table.</summary>
/// <param name="CountedAt">When, UTC.</param>
/// <param name="Rows">Table and rows, by name.</param>
/// <param name="Method">Whether they are of now.</param>
public sealed record TableCounts(DateTimeOffset CountedAt, IReadOnlyList<(string Table, long Rows)> Rows, FigureMethod Method);
