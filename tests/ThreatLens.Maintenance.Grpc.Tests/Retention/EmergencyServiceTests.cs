using ThreatLens.Maintenance.Grpc.Tests.Ingest;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Retention;

/// <summary>A disk that is full, and a service on it that producers send to all the time.</summary>
public sealed class EmergencyServiceTests
{
    [Theory]
    [InlineData(200_000)]
    [InlineData(0)]
    public async Task Cleanup_in_emergency_makes_room_for_the_ingest_that_a_full_disk_has_stopped(int freeBytes)
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.TryMount(folder.File("disk"), megabytes: 24);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        await using var service = await RunningService.StartAsync(Path.Combine(disk.Path, "threatlens.db"));
        service.Database.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
            SELECT 'aged-' || (i % 5), 't', '1', strftime(iif(i > 29000, '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M:%S'), 'now', iif(i > 29000, '-719 hours', '-40 days'), '-' || (i % 3000) || ' seconds') FROM n
            """);
        await using var producers = new CountingProducers(service);
        await producers.GrowAsync(5);
        disk.FillBut(freeBytes);
        await producers.FullAsync();

        var result = (await service.Maintenance.CleanupAsync(new CleanupRequest { Emergency = true })).Result;

        Assert.Equal(29_000, result.Tables.Single(t => t.Table == "processing_metrics").Rows);
        // Nothing was done for the disk but this.
        await producers.GrowAsync(10);
        await producers.AssertStoredOnceAsync(service.Database);
        Assert.Equal(1_000L, service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name LIKE 'aged-%'"));
        await service.Process.StopAsync();
    }
}
