using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.Client.Ingestion.Spooling;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>What a spool keeps from one sender to the next, and what it does when its files are not as they should be.</summary>
public sealed class SpoolTests : IDisposable
{
    private const string Nowhere = "http://127.0.0.1:1";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_after_a_run_without_the_service_sends_what_that_run_kept()
    {
        await KeepAsync(Nowhere, 0, 1000);
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = Spooled(server.Address);
        Assert.Equal(1000, run.Sender.State.Recovered);
        run.Add(1000, 10);

        await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 1010), SenderRun.Stored(server));
        Assert.Equal((1010, 0), (run.Sender.State.Acknowledged, run.Sender.State.Unacknowledged));
    }

    [Fact]
    public async Task Start_after_acknowledgements_were_lost_sends_nothing_twice()
    {
        await using var server = await FakeIngestServer.StartAsync();
        var stored = 0;
        server.NextFault = _ => Interlocked.Increment(ref stored) < 5 ? Fault.None : Fault.CutAfterCommit;
        await KeepAsync(server.Address, 0, 1000);
        server.NextFault = _ => Fault.None;

        await using var run = Spooled(server.Address);
        run.Add(1000, 10);
        await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 1010), SenderRun.Stored(server));
        Assert.Equal(0, run.Sender.State.Unacknowledged);
    }

    [Fact]
    public async Task Start_after_everything_was_stored_finds_nothing()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using (var first = Spooled(server.Address))
        {
            first.Add(0, 1000);
            await first.Sender.FlushAsync();
        }

        await using var run = Spooled(server.Address);
        Assert.Equal(0, run.Sender.State.Recovered);
        run.Add(1000, 10);
        await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 1010), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Start_database_was_restored_meanwhile_what_was_kept_goes_out_under_new_numbers()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using (var first = Spooled(server.Address, SenderRun.FullBatches(10)))
        {
            first.Add(0, 100);
            await first.Sender.FlushAsync();
        }
        await server.StopAsync();
        await KeepAsync(server.Address, 100, 50);
        server.Store.RestoreTo(SenderRun.Producer, 4);
        await server.StartAgainAsync();

        await using (var second = Spooled(server.Address))
            await second.Sender.FlushAsync();
        // And the numbers hold for a third one.
        await using var third = Spooled(server.Address);
        third.Add(150, 10);
        await third.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 40).Concat(Enumerable.Range(100, 60)), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Start_service_has_more_than_a_new_spool_keeps_sends_all_of_it()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using (var first = new SenderRun(server))
        {
            first.Add(0, 100);
            await first.Sender.FlushAsync();
        }
        // Never sent: numbers of the service say nothing about it.
        await KeepAsync(Nowhere, 100, 100);

        await using var run = Spooled(server.Address);
        await run.Sender.FlushAsync();

        Assert.Equal(Enumerable.Range(0, 200), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Service_has_forgotten_the_producer_says_so_once_each_time_and_loses_nothing()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using (var first = Spooled(server.Address))
        {
            first.Add(0, 10);
            await first.Sender.FlushAsync();
        }

        server.Store.RestoreTo(SenderRun.Producer, 0);
        var log = new RecordedLog<MetricSender>();
        await using var run = Spooled(server.Address, log: log);
        run.Add(10, 10);
        await run.Sender.FlushAsync();
        Assert.Equal(1, log.Count("the service knows nothing of it"));
        await server.StopAsync();
        server.Store.RestoreTo(SenderRun.Producer, 0);
        await server.StartAgainAsync();
        run.Add(20, 10);
        await run.Sender.FlushAsync();

        Assert.Equal(2, log.Count("the service knows nothing of it"));
        Assert.Equal(Enumerable.Range(20, 10), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Start_spool_is_in_use_says_so_and_what_to_change()
    {
        await using var first = Spooled(Nowhere, settings => settings.ShutdownTimeout = TimeSpan.Zero);

        var failure = Assert.Throws<MetricSpoolException>(() => Spooled(Nowhere));

        Assert.Contains("in use by another process", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ProducerId", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsDiskFull);
    }

    [Fact]
    public async Task Start_spool_of_another_version_is_left_alone_and_says_what_to_do()
    {
        await KeepAsync(Nowhere, 0, 100);
        var file = Directory.EnumerateFiles(_folder.Path, "*.spool", SearchOption.AllDirectories).Single();
        var ours = await File.ReadAllBytesAsync(file);
        byte[] theirs = [.. "TLB2"u8, .. ours[4..]];
        await File.WriteAllBytesAsync(file, theirs);

        var failure = Assert.Throws<MetricSpoolException>(() => Spooled(Nowhere));

        Assert.Contains("another version", failure.Message, StringComparison.Ordinal);
        Assert.Equal(theirs, await File.ReadAllBytesAsync(file));
        // That version gets at it: nothing holds the directory.
        await File.WriteAllBytesAsync(file, ours);
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = Spooled(server.Address);
        await run.Sender.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 100), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Start_directory_cannot_be_made_says_so_and_what_to_change()
    {
        var file = _folder.File("file");
        await File.WriteAllTextAsync(file, "");

        var failure = Assert.Throws<MetricSpoolException>(() => new SenderRun(Nowhere, settings => settings.SpoolDirectory = file));

        Assert.Contains("SpoolDirectory", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PersistAsync_without_a_spool_is_true_only_for_what_is_stored()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = new SenderRun(server);
        server.NextFault = _ => Fault.Silence;
        run.Add(0, 10);
        Assert.False(await run.Sender.PersistAsync());

        server.NextFault = _ => Fault.None;
        await server.StopAsync();
        await server.StartAgainAsync();
        await run.Sender.FlushAsync();

        Assert.True(await run.Sender.PersistAsync());
    }

    [Fact]
    public async Task Add_spool_is_full_stays_within_both_bounds_and_loses_nothing_that_was_taken()
    {
        var taken = 0;
        await using (var first = Spooled(Nowhere, SmallAndGone))
        {
            while (first.Sender.State.SpoolBytes < 800_000)
                await first.Sender.AddAsync(SenderRun.Producer, "n", taken++, metadata: new string('x', 1000));
            // The rest of the spool, then the buffer, then nothing fits any more.
            while (first.Sender.State.Dropped == 0)
            {
                if (first.Sender.Add(SenderRun.Producer, "n", taken, metadata: new string('x', 1000)))
                    taken++;
                await Task.Yield();
            }
            Assert.InRange(first.Sender.State.SpoolBytes, 800_000, 1024 * 1024);
        }
        await using var server = await FakeIngestServer.StartAsync();

        await using var run = Spooled(server.Address, Small);
        await run.Sender.FlushAsync();

        // What was in memory when the first one stopped was dropped and reported; all before it was kept.
        var stored = SenderRun.Stored(server);
        Assert.Equal(Enumerable.Range(0, stored.Count), stored);
        Assert.InRange(stored.Count, taken - 500, taken);
        Assert.Equal(stored.Count, run.Sender.State.Acknowledged);

        // A stop that falls into an attempt to connect would wait for it to succeed.
        static void SmallAndGone(MetricSenderSettings settings)
        {
            Small(settings);
            settings.ShutdownTimeout = TimeSpan.Zero;
        }

        static void Small(MetricSenderSettings settings) =>
            (settings.MaxBatchBytes, settings.MaxSpoolBytes, settings.MaxBufferedSamples, settings.MaxBatchSamples) = (256 * 1024, 1024 * 1024, 500, 100);
    }

    [Fact]
    public async Task Add_files_cannot_be_written_goes_by_memory_and_says_so()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = Spooled(server.Address, settings => (settings.MaxBatchBytes, settings.MaxSpoolBytes) = (256 * 1024, 1024 * 1024));
        run.Add(0, 100);
        await run.Sender.FlushAsync();

        // As a disk without room: no new file can be made.
        Directory.Delete(_folder.File("spool"), recursive: true);
        for (var n = 100; n < 500; n++)
            run.Sender.Add(SenderRun.Producer, "n", n, metadata: new string('x', 2000));
        await run.Sender.FlushAsync();

        Assert.NotNull(run.Sender.State.SpoolFailure);
        Assert.Equal(Enumerable.Range(0, 500), SenderRun.Stored(server));
        Assert.Equal((500, 0), (run.Sender.State.Acknowledged, run.Sender.State.Dropped));
    }

    private SenderRun Spooled(string address, Action<MetricSenderSettings>? configure = null, RecordedLog<MetricSender>? log = null) => new(address, settings =>
    {
        (settings.SpoolDirectory, settings.MaxBatchSamples) = (_folder.File("spool"), 10);
        configure?.Invoke(settings);
    }, log: log);

    /// <summary>A run that ends with what it added in its spool.</summary>
    private async Task KeepAsync(string address, int from, int count)
    {
        var run = Spooled(address);
        run.Add(from, count);
        Assert.True(await run.Sender.PersistAsync());
        await run.AbandonAsync();
        Assert.Equal(0, run.Sender.State.Dropped);
    }
}
