using System.Globalization;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>A database that cannot be written for a while, under load: nothing is acknowledged meanwhile, and afterwards all goes on by itself.</summary>
public sealed class UnwritableDatabaseTests
{
    [Fact]
    public async Task Database_at_its_largest_size_refuses_with_a_retry_hint_until_there_is_room()
    {
        const long MaxBytes = 4 * 1024 * 1024;
        await using var service = await RunningService.StartAsync(environment: $"Maintenance__Database__MaxBytes={MaxBytes}");
        var size = (long)service.Database.Scalar("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")!;
        service.Database.Execute(string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE maintenance_test_ballast AS SELECT zeroblob({MaxBytes - size - 150_000}) AS b"));
        await using var producers = new CountingProducers(service);
        await producers.FullAsync();

        service.Database.Execute("PRAGMA busy_timeout = 60000; DROP TABLE maintenance_test_ballast");

        await producers.GrowAsync(10);
        await producers.AssertStoredOnceAsync(service.Database);
    }

    [Fact]
    public async Task Disk_that_is_full_refuses_with_a_retry_hint_until_there_is_room()
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.TryMount(folder.File("disk"), megabytes: 16);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        await using var service = await RunningService.StartAsync(Path.Combine(disk.Path, "threatlens.db"));
        await using var producers = new CountingProducers(service);
        await producers.GrowAsync(5);
        disk.FillBut(100_000);
        await producers.FullAsync();

        disk.MakeRoom();

        await producers.GrowAsync(10);
        await producers.AssertStoredOnceAsync(service.Database);
        await service.Process.StopAsync();
    }

    [Fact]
    public async Task Database_locked_by_another_process_for_ten_seconds_loses_nothing()
    {
        await using var service = await RunningService.StartAsync();
        await using var producers = new CountingProducers(service);
        await producers.GrowAsync(5);
        var before = 0L;
        using (PressureTests.HoldWriteLock(service))
        {
            before = (long)service.Database.Scalar("SELECT count(*) FROM processing_metrics")!;
            await Task.Delay(TimeSpan.FromSeconds(10));
            // Until somebody has heard of it: on a slow machine that takes longer.
            await Eventually.TrueAsync(
                () => producers.Failures.Any(f => RpcError.Of(f) is { Code: StatusCode.Unavailable, Reason: ErrorReasons.DatabaseLocked, RetryDelay: not null }),
                () => $"nobody was refused: {producers.Failures.LastOrDefault()}");
            Assert.Equal(before, service.Database.Scalar("SELECT count(*) FROM processing_metrics"));
        }

        await producers.GrowAsync(10);
        await producers.AssertStoredOnceAsync(service.Database);
    }
}
