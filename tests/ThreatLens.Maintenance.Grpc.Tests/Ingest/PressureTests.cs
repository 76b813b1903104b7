using Grpc.Core;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Maintenance;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Producers while the service cannot store: it takes no more than it said, keeps what it took, and says why it cannot.</summary>
public sealed class PressureTests
{
    [Fact]
    public async Task Producer_faster_than_the_database_is_held_back_and_loses_nothing()
    {
        const int Batches = 60;
        const int Allowed = 4;
        // 17 values of 60,000 characters, two bytes each.
        const int BytesInMemory = 2_040_000;
        await using var service = await RunningService.StartAsync(
            environment: [$"Maintenance__Ingest__MaxUnacknowledgedBatches={Allowed}", "Maintenance__Database__BusyTimeout=00:05:00"]);
        using var producer = await Producer.HelloAsync(service, "fast");
        Assert.Equal(Allowed, producer.Welcome.MaxUnacknowledgedBatches);
        var sent = 0;
        Task sending;
        using (HoldWriteLock(service))
        {
            sending = Task.Run(async () =>
            {
                for (var sequence = 1; sequence <= Batches; sequence++)
                {
                    await producer.SendAsync(Large(sequence, "fast-source"));
                    Interlocked.Increment(ref sent);
                }
            });
            // Three reports, a second apart, after the queue has filled: what is not taken then is not taken at all.
            using var reports = service.Maintenance.HealthReport(new HealthReportRequest { Sections = { HealthSectionKind.Ingest }, Interval = new() { Seconds = 1 } });
            var queued = new List<double>();
            while (queued.Count < 3)
            {
                var bytes = await QueuedBytesAsync(reports);
                if (bytes > Allowed * BytesInMemory)
                    queued.Add(bytes);
            }

            // Those allowed, one being read and one about to be queued.
            Assert.All(queued, bytes => Assert.InRange(bytes, 0, (Allowed + 2) * (BytesInMemory + 50_000)));
            // Kestrel's and the client's own buffers hold less than two more.
            Assert.InRange(Volatile.Read(ref sent), Allowed, Allowed + 6);
            Assert.Equal(0L, service.Database.Scalar("SELECT count(*) FROM processing_metrics"));
        }

        for (var sequence = 1; sequence <= Batches; sequence++)
        {
            var acknowledgement = await producer.AcknowledgedAsync();
            Assert.Equal((sequence, 17), (acknowledgement.Sequence, acknowledgement.Accepted));
        }

        await sending;
        AssertLargeOnes(service, Batches);
    }

    [Fact]
    public async Task Bytes_that_wait_are_bounded_over_all_producers()
    {
        await using var service = await RunningService.StartAsync(
            environment: ["Maintenance__Ingest__MaxQueuedBytes=16777216", "Maintenance__Ingest__MaxQueueWait=00:10:00", "Maintenance__Database__BusyTimeout=00:05:00"]);
        var producers = new List<Producer>();
        for (var i = 0; i < 6; i++)
            producers.Add(await Producer.HelloAsync(service, $"many-{i}"));
        using (HoldWriteLock(service))
        {
            var sending = producers.Select(async p =>
            {
                for (var sequence = 1; sequence <= 10; sequence++)
                    await p.SendAsync(Producer.Batch(sequence, Enumerable.Repeat(Producer.Sample("many-source", value: $"\"{new string('x', 60_000)}\""), 17)));
            }).ToList();
            using var reports = service.Maintenance.HealthReport(new HealthReportRequest { Sections = { HealthSectionKind.Ingest }, Interval = new() { Seconds = 1 } });
            var full = 0;
            while (full < 2)
            {
                var bytes = await QueuedBytesAsync(reports);
                Assert.InRange(bytes, 0, 16 * 1024 * 1024);
                full += bytes > 15_000_000 ? 1 : 0;
            }

            Assert.Contains(sending, s => !s.IsCompleted);
        }

        foreach (var producer in producers)
        {
            for (var sequence = 1; sequence <= 10; sequence++)
                Assert.Equal(17, (await producer.AcknowledgedAsync()).Accepted);
            producer.Dispose();
        }
    }

    [Fact]
    public async Task Producers_without_room_for_long_are_told_to_come_back_and_lose_nothing()
    {
        await using var service = await RunningService.StartAsync(
            environment: ["Maintenance__Ingest__MaxQueuedBytes=16777216", "Maintenance__Ingest__MaxQueueWait=00:00:00.300", "Maintenance__Database__BusyTimeout=00:05:00"]);
        using var producer = await Producer.HelloAsync(service, "behind");
        var sending = Task.CompletedTask;
        using (HoldWriteLock(service))
        {
            sending = Task.Run(async () =>
            {
                for (var sequence = 1; sequence <= 30; sequence++)
                    await producer.SendAsync(Large(sequence, "behind-source"));
            });
            var (error, acknowledged) = await producer.FailsAsync(StatusCode.ResourceExhausted, ErrorReasons.IngestBehind);
            Assert.Empty(acknowledged);
            Assert.NotNull(error.RetryDelay);
        }

        await sending.ContinueWith(static _ => { }, TaskScheduler.Default);
        // What was in the queue is stored, and the welcome counts it: the producer goes on behind it.
        using var again = await Producer.HelloAsync(service, "behind");
        AssertLargeOnes(service, again.Welcome.LastSequence);
        Assert.InRange(again.Welcome.LastSequence, 1, 8);
        Assert.Equal(1, (await again.StoreAsync(Producer.Batch(again.Welcome.LastSequence + 1, Producer.Sample("behind-source")))).Accepted);
    }

    [Fact]
    public async Task Batches_during_a_schema_change_are_acknowledged_after_it()
    {
        await using var service = await RunningService.StartAsync(environment: ["Maintenance__MigrateOnStartup=false", "Maintenance__Database__BusyTimeout=00:00:00.100"]);
        await service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = "001" });
        var slow = SlowStep.Plant(service.Database, Versions.Fields);
        using var producer = await Producer.HelloAsync(service, "paused");
        await producer.StoreAsync(Producer.Batch(1, Producer.Sample("paused-source")));
        var id = (await service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new() })).Operation.Id;
        await Operations.Watching.WatchUntilAsync(service, id, o => o.Progress.Message.Contains(Versions.Fields, StringComparison.Ordinal));
        Assert.Equal(Versions.Tables, await service.CurrentVersionAsync());

        await producer.SendAsync(Producer.Batch(2, Producer.Sample("paused-source")));
        var acknowledgement = await producer.AcknowledgedAsync();

        // The busy timeout is far shorter than the change: without the pause this batch would have failed on the lock.
        Assert.Equal(2, acknowledgement.Sequence);
        Assert.Equal(Versions.Indexes, service.Database.Scalar("SELECT max(version) FROM schema_migrations"));
        Assert.Equal(OperationState.Succeeded, (await Operations.Watching.WatchToEndAsync(service, id)).State);
        slow.Dispose();
    }

    [Fact]
    public async Task Schema_without_the_table_ends_streams_with_a_reason_until_somebody_migrates()
    {
        await using var service = await RunningService.StartAsync();
        using var before = await Producer.HelloAsync(service, "no-table");
        await before.StoreAsync(Producer.Batch(1, Producer.Sample("no-table-source")));
        await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "000", MaxValuesLost = long.MaxValue });

        await before.SendAsync(Producer.Batch(2, Producer.Sample("no-table-source")));
        var (open, _) = await before.FailsAsync(StatusCode.Unavailable, ErrorReasons.SchemaNotReady);
        using var refused = Producer.Open(service);
        await refused.SendAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = "no-table" } });
        var (hello, _) = await refused.FailsAsync(StatusCode.Unavailable, ErrorReasons.SchemaNotReady);

        Assert.NotNull(open.RetryDelay);
        Assert.NotNull(hello.RetryDelay);
        await service.Maintenance.MigrateAsync(new MigrateRequest());
        using var after = await Producer.HelloAsync(service, "no-table");
        Assert.Equal(1, after.Welcome.LastSequence);
        Assert.Equal(1, (await after.StoreAsync(Producer.Batch(2, Producer.Sample("no-table-source")))).Accepted);
    }

    [Fact]
    public async Task Database_locked_by_another_process_ends_streams_with_a_reason_and_stores_nothing_of_them()
    {
        await using var service = await RunningService.StartAsync(environment: "Maintenance__Database__BusyTimeout=00:00:00.200");
        using var producer = await Producer.HelloAsync(service, "locked");
        using (HoldWriteLock(service))
        {
            await producer.SendAsync(Producer.Batch(1, Producer.Sample("locked-source")));
            var (error, acknowledged) = await producer.FailsAsync(StatusCode.Unavailable, ErrorReasons.DatabaseLocked);
            Assert.Empty(acknowledged);
            Assert.NotNull(error.RetryDelay);
            var migrate = await Expect.ErrorAsync(StatusCode.Unavailable, ErrorReasons.DatabaseLocked, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));
            Assert.NotNull(migrate.RetryDelay);
        }

        Assert.Equal(0L, service.Database.Scalar("SELECT count(*) FROM processing_metrics"));
        using var again = await Producer.HelloAsync(service, "locked");
        Assert.Equal(0, again.Welcome.LastSequence);
        Assert.Equal(1, (await again.StoreAsync(Producer.Batch(1, Producer.Sample("locked-source")))).Accepted);
    }

    /// <summary>What the next report says of the queue.</summary>
    private static async Task<double> QueuedBytesAsync(AsyncServerStreamingCall<HealthReportResponse> reports) =>
        (await reports.NextReportAsync()).Sections[0].Figures.Single(f => f.Name == "queued_bytes").Number;

    private static MetricBatch Large(int sequence, string source) =>
        Producer.Batch(sequence, Enumerable.Range(0, 17).Select(i => Producer.Sample(source, $"{sequence} {i}", $"\"{new string('x', 60_000)}\"")));

    /// <summary>Every sample of the first so many batches is stored, in order, once, and nothing else.</summary>
    private static void AssertLargeOnes(RunningService service, long batches) => Assert.Equal(
        Enumerable.Range(1, (int)batches).SelectMany(sequence => Enumerable.Range(0, 17).Select(i => $"{sequence} {i}")),
        service.Database.Lines("SELECT metric_type FROM processing_metrics ORDER BY id"));

    /// <summary>What another program does that writes for long.</summary>
    internal static SqliteConnection HoldWriteLock(RunningService service)
    {
        var connection = service.Database.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        return connection;
    }
}
