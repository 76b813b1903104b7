using ThreatLens.Maintenance.Grpc.Tests.Operations;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>SIGKILL of the service under load: what was acknowledged is stored, once.</summary>
public sealed class KilledServiceTests
{
    [Fact]
    public async Task Kill_at_random_times_loses_and_doubles_nothing()
    {
        await using var service = await RunningService.StartAsync();
        await using var producers = new CountingProducers(service);
        for (var round = 1; round <= Rounds.Count; round++)
        {
            await producers.GrowAsync(5);
            await Task.Delay(new Random(round).Next(300));
            await service.RestartAsync();
        }

        await producers.GrowAsync(5);
        await producers.AssertStoredOnceAsync(service.Database);
    }

    [Fact]
    public async Task Kill_between_commit_and_acknowledgement_the_batch_is_a_duplicate_afterwards()
    {
        await using var service = await RunningService.StartAsync();
        MetricBatch Batch(int number) => Producer.Batch(
            number, Producer.Sample("unheard-source", value: $"{(2 * number) - 1}"), Producer.Sample("unheard-source", value: $"{2 * number}"));
        for (var round = 1; round <= Rounds.Count; round++)
        {
            using (var producer = await Producer.HelloAsync(service, "unheard"))
            {
                Assert.Equal(round - 1, producer.Welcome.LastSequence);
                await producer.SendAsync(Batch(round));
                // Nobody reads what the service has to say; that it has committed is seen in the database.
                var stored = 2L * round;
                await Eventually.TrueAsync(() => stored.Equals(service.Database.Scalar("SELECT count(*) FROM processing_metrics")), () => "the batch is not stored");
                await service.Process.KillAsync();
            }

            await service.RestartAsync();
            using var again = await Producer.HelloAsync(service, "unheard");
            Assert.Equal(round, again.Welcome.LastSequence);
            Assert.True((await again.StoreAsync(Batch(round))).Duplicate);
            Assert.Equal(
                Enumerable.Range(1, 2 * round).Select(value => $"{value}"),
                service.Database.Lines("SELECT metric_value FROM processing_metrics ORDER BY id"));
        }
    }

    [Fact]
    public async Task Restart_within_a_schema_migration_loses_nothing_and_ends_at_the_full_schema()
    {
        await using var service = await RunningService.StartAsync();
        await using var producers = new CountingProducers(service);
        // Each round takes seconds of migration: half as many as of the others.
        for (var round = 0; round < Rounds.Count; round += 2)
        {
            await producers.GrowAsync(5);
            await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001" });
            var slow = SlowStep.Plant(service.Database, Versions.Fields);
            var id = (await service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new() })).Operation.Id;
            await service.WatchUntilAsync(id, o => o.Progress.Message.Contains(Versions.Fields, StringComparison.Ordinal));
            await service.Process.KillAsync();
            slow.Dispose();
            await service.RestartAsync();

            // The start-up has migrated, with producers knocking all the time.
            Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());
        }

        await producers.GrowAsync(5);
        await producers.AssertStoredOnceAsync(service.Database);
    }
}
