using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Tests.Backups;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>A migrated database, the real writer of metrics, what sums up in the background, and what reads back.</summary>
public abstract class MetricsTestBase : BackupTestBase
{
    /// <summary>Minutes as SQLite itself sums them up from the rows, in SQL that shares nothing with the service; values are exact in binary.</summary>
    private const string Truth =
        """
        WITH rows AS (
            SELECT id, source_name AS s, metric_type AS t, replace(substr(timestamp, 1, 19), 'T', ' ') AS second,
                CASE WHEN substr(timestamp, 20, 1) = '.' THEN substr(rtrim(timestamp, 'Z') || '000000', 21, 6) ELSE '000000' END AS fraction,
                CASE WHEN json_valid(metric_value) THEN CASE json_type(metric_value)
                    WHEN 'integer' THEN CAST(metric_value AS REAL) WHEN 'real' THEN CAST(metric_value AS REAL)
                    WHEN 'object' THEN CASE WHEN json_type(metric_value, '$.value') IN ('integer', 'real') THEN CAST(json_extract(metric_value, '$.value') AS REAL) END
                END END AS v
            FROM processing_metrics WHERE strftime('%s', substr(timestamp, 1, 19)) IS NOT NULL AND length(timestamp) >= 19),
        numbered AS (
            SELECT *, STEP AS step, row_number() OVER (PARTITION BY STEP, s, t ORDER BY v IS NULL, second DESC, fraction DESC, id DESC) AS n FROM rows)
        SELECT step, s, t, count(v), count(*) - count(v), coalesce(sum(v), 0.0), coalesce(min(v), 0.0), coalesce(max(v), 0.0), coalesce(max(CASE n WHEN 1 THEN v END), 0.0)
        FROM numbered GROUP BY step, s, t ORDER BY step, s, t
        """;

    private protected IngestOptions Ingest { get; } = new();

    private protected RollupCatchUp CatchUp() => new(Database());

    private protected MetricReader Reader() => new(Database());

    private protected static DateTimeOffset At(int hour, int minute, double second = 0, int day = 1) =>
        new DateTimeOffset(2026, 9, day, hour, minute, 0, TimeSpan.Zero).AddTicks((long)(second * TimeSpan.TicksPerSecond));

    private protected IngestWriter Writer(SqliteDatabase? database = null)
    {
        database ??= Database();
        var engine = new MigrationEngine(database, Product, TimeProvider.System, NullLogger<MigrationEngine>.Instance);
        var writer = new IngestWriter(
            database, new ServiceSchema(database, engine, TimeProvider.System), engine, Owned(new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance)), new IngestStatistics(TimeProvider.System), Microsoft.Extensions.Options.Options.Create(Ingest),
            TimeProvider.System, NullLogger<IngestWriter>.Instance);
        writer.Start();
        return writer;
    }

    /// <summary>Stores samples as a producer of its own would, in batches of so many.</summary>
    private protected async Task StoreAsync(IEnumerable<MetricSample> samples, int batchSize = 500)
    {
        using var writer = Writer();
        var (session, _) = await writer.OpenAsync(NewId(), "test", CancellationToken.None);
        var pending = new List<Task<BatchOutcome>>();
        foreach (var chunk in samples.Chunk(batchSize))
            pending.Add(await writer.WriteAsync(session, BatchValidator.Validate(new MetricBatch(pending.Count + 1, chunk, [], 100), DateTimeOffset.MaxValue.AddDays(-2)), CancellationToken.None));
        var stored = (await Task.WhenAll(pending)).Sum(o => o.Accepted);
        Assert.Equal(samples.Count(), stored);
        await writer.StopAsync(CancellationToken.None);
    }

    private protected static MetricSample Sample(DateTimeOffset at, string value = "1", string source = "nginx", string type = "latency") =>
        new(source, type, value, new SampleTime(at.ToUnixTimeSeconds(), (int)(at.UtcTicks % TimeSpan.TicksPerSecond) * 100), "");

    private protected void Insert(string? timestamp, string value = "1", string source = "nginx", string type = "latency")
    {
        string Quoted(string? text) => text is null ? "NULL" : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
        File.Execute($"INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ({Quoted(source)}, {Quoted(type)}, {Quoted(value)}, {Quoted(timestamp)})");
    }

    private protected static MetricQuery Query(MetricResolution resolution, DateTimeOffset? from = null, DateTimeOffset? to = null) => new()
    {
        From = from ?? DateTimeOffset.MinValue,
        To = to ?? DateTimeOffset.MaxValue,
        Resolution = resolution,
    };

    /// <summary>All pages.</summary>
    private protected List<MetricEntry> ReadAll(MetricQuery query, int size = 1_000)
    {
        var all = new List<MetricEntry>();
        for (string? after = null; ;)
        {
            var page = Reader().Read(query, size, after);
            Assert.True(page.Entries.Count <= size);
            all.AddRange(page.Entries);
            if ((after = page.Next) is null)
                return all;
            Assert.NotEmpty(page.Entries);
        }
    }

    /// <summary>What is read back per minute and per hour is what the rows come to.</summary>
    private protected void AssertTruth()
    {
        foreach (var (resolution, step) in new[] { (MetricResolution.Minute, "strftime('%Y-%m-%d %H:%M', second)"), (MetricResolution.Hour, "strftime('%Y-%m-%d %H:00', second)") })
        {
            var expected = File.Lines(Truth.Replace("STEP", step, StringComparison.Ordinal));
            Assert.Equal(expected, ReadAll(Query(resolution), 7).Select(Line));
        }
    }

    private protected static string Line(MetricEntry entry)
    {
        var s = entry.Summary!;
        return FormattableString.Invariant($"{entry.Time:yyyy-MM-dd HH:mm}|{entry.SourceName}|{entry.MetricType}|{s.Count}|{s.NonNumericCount}|{s.Sum}|{s.Min}|{s.Max}|{s.Last}");
    }

    private protected long Pending() =>
        (long)File.Scalar("SELECT count(*) FROM processing_metrics m WHERE EXISTS (SELECT 1 FROM maintenance_rollup_pending WHERE m.id BETWEEN first_id AND last_id)")!;

    private protected void CatchUpAll()
    {
        while (CatchUp().Step(CancellationToken.None))
        {
        }
    }
}
