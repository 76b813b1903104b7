using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>All log sources, where they are more than a report reads itself; else null. Read in pages, each in a snapshot of its own.</summary>
internal sealed class LogSourceScan(SqliteDatabase database, LogSourceStore store, IOptions<HealthOptions> options, TimeProvider time)
    : BackgroundSample<IReadOnlyList<LogSource>?>(database, time)
{
    /// <summary>So many a report reads itself.</summary>
    public const int PageSize = 1_000;

    private readonly SqliteDatabase _database = database;

    public override TimeSpan Interval => options.Value.MaxCountAge;

    protected override IReadOnlyList<LogSource>? Look(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!SqliteSession.Read(_database, "reading log sources", session => session.HasTable("log_sources"), cancellationToken))
            return null;
        var all = new List<LogSource>();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = store.List(PageSize, all.Count == 0 ? null : all[^1].SourceName, null);
            all.AddRange(page);
            if (page.Count < PageSize)
                return all.Count > PageSize ? all : null;
        }
    }
}
