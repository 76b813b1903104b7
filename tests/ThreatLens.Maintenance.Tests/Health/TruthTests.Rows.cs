using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Statistics.History;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>What the service itself has stored.</summary>
public sealed partial class TruthTests
{
    /// <summary>Whether a time lies in the last 24 hours.</summary>
    private static string Within(string column) => OddRows.Within(column, "2026-10-31 12:00:00", "2026-11-01 12:00:00");

    /// <summary>A day of samples that do not lie on a line, and one of before the window of growth.</summary>
    private void AddHistory()
    {
        File.Execute(
            $"""
            INSERT INTO maintenance_health_samples(at, database_bytes, free_bytes, wal_bytes, rows_error, overall, sections, findings)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 288)
                SELECT ({Noon.ToUnixTimeSeconds()} - 300 * i) * 1000000, (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) - 10000 * i + i * 7919 % 5000, i % 10 * 4096, 0, 0, 'Ok', '', '' FROM n
                UNION ALL SELECT {Noon.AddDays(-8).ToUnixTimeSeconds()} * 1000000, 1, 0, 0, 0, 'Ok', '', '';
            """);
        Assert.NotNull(Get<HealthRecorder>().Record(CancellationToken.None));
    }

    /// <summary>Sends entries that cannot be stored: the source has no name.</summary>
    private async Task SendJunkAsync(string producer, int entries)
    {
        var writer = Get<IngestWriter>();
        var (session, state) = await writer.OpenAsync(producer, "test", CancellationToken.None);
        var samples = Enumerable.Range(0, entries).Select(_ => new MetricSample("", "lines", "1", new SampleTime(Noon.ToUnixTimeSeconds(), 0), "")).ToArray();
        var batch = BatchValidator.Validate(new MetricBatch(state.LastSequence + 1, samples, [], 100), Noon);
        Assert.Equal(0, (await (await writer.WriteAsync(session, batch, CancellationToken.None))).Accepted);
    }
}
