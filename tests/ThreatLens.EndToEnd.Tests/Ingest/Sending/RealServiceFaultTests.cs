using System.Globalization;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Testing;
using ThreatLens.Testing.Connections;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>The sender and the service's process, either of which dies or hangs: what was acknowledged is stored, and stored once.</summary>
public sealed class RealServiceFaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteFile _database;

    public RealServiceFaultTests() => _database = new SqliteFile(_folder.File("threatlens.db"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Producer_killed_again_and_again_everything_in_its_spool_is_stored_once()
    {
        const long perRound = 10_000_000;
        await using var service = await StartAsync();
        var random = new Random(1);
        var kept = new List<(long First, long Last)>();
        for (var round = 0; round < Rounds.Count; round++)
        {
            await using var producer = new ProducerProcess(service.Grpc, _folder.File("spool"), round * perRound);
            await Eventually.True(() => producer.Kept is not null, () => producer.Text);
            await Task.Delay(random.Next(300));
            await producer.KillAsync();
            kept.Add((round * perRound, producer.Kept!.Value));
        }
        await using var last = new ProducerProcess(service.Grpc, _folder.File("spool"), Rounds.Count * perRound);
        await Eventually.True(() => last.Kept is not null, () => last.Text);
        kept.Add((Rounds.Count * perRound, await last.StopAsync()));

        AssertStoredOnce(kept);
    }

    [Fact]
    public async Task Second_process_on_a_spool_ends_saying_so_and_the_first_goes_on()
    {
        await using var service = await StartAsync();
        await using var first = new ProducerProcess(service.Grpc, _folder.File("spool"), 0);
        await Eventually.True(() => first.Kept is not null, () => first.Text);

        await using var second = new ProducerProcess(service.Grpc, _folder.File("spool"), 10_000_000);

        Assert.NotEqual(0, await second.EndsAsync());
        Assert.Contains("in use by another process", second.Text, StringComparison.Ordinal);
        AssertStoredOnce([(0, await first.StopAsync())]);
    }

    [Theory]
    [InlineData("spool is full")]
    [InlineData("disk is full")]
    public async Task Producer_killed_while_its_spool_takes_no_more_everything_that_it_called_kept_is_stored_once(string what)
    {
        const long second = 10_000_000;
        const int spoolBytes = 1024 * 1024;
        using var disk = what == "disk is full" ? SmallDisk.TryMount(_folder.File("disk"), megabytes: 8) : null;
        Assert.SkipWhen(what == "disk is full" && disk is null, SmallDisk.Needed);
        var spool = Path.Combine(disk?.Path ?? _folder.Path, "spool");
        long kept;
        await using (var producer = new ProducerProcess(new Uri("http://127.0.0.1:1"), spool, 0, disk is null ? spoolBytes : null))
        {
            await Eventually.True(() => producer.Kept is not null, () => producer.Text);
            disk?.FillBut(0);
            // Full: the producer waits for room. No disk for it: the producer hears that what it adds is in memory only.
            await Eventually.True(() => disk is null ? SizeOf(spool) > spoolBytes - 10_000 : producer.Unkept is not null, () => producer.Text);
            await producer.KillAsync();
            kept = producer.Kept!.Value;
        }
        disk?.MakeRoom();

        await using var service = await StartAsync();
        await using var last = new ProducerProcess(service.Grpc, spool, second);
        await Eventually.True(() => last.Kept is not null, () => last.Text);

        AssertStoredOnce([(0, kept), (second, await last.StopAsync())]);
    }

    [Fact]
    public async Task Connection_cut_in_the_middle_of_a_batch_each_sample_is_stored_once()
    {
        await using var service = await StartAsync();
        await using var proxy = new OneWayProxy(service.Grpc);
        await using var run = new SenderRun(proxy.Address.ToString(), settings => settings.MaxBatchSamples = 500);
        run.Add(0, 1000);
        await run.Sender.FlushAsync();
        var random = new Random(1);
        var added = 1000;
        for (var cut = 1; cut <= 2 * Rounds.Count; cut++)
        {
            // A batch has some 15,000 bytes: the cut falls within the first or the second.
            proxy.CutAfter(random.Next(1, 30_000));
            run.Add(added, 1000);
            added += 1000;
            await run.Sender.FlushAsync();
            Assert.Equal(cut, proxy.Cuts);
        }

        Assert.Equal(Enumerable.Range(0, added).Select(n => (long)n), Stored());
        Assert.Equal((added, 0), (run.Sender.State.Acknowledged, run.Sender.State.Dropped));
    }

    [Fact]
    public async Task Service_hangs_what_does_not_fit_is_dropped_and_counted_and_the_rest_is_stored()
    {
        await using var service = await StartAsync();
        await using var run = new SenderRun(service.Grpc.ToString(), settings => (settings.MaxBufferedSamples, settings.MaxBatchSamples) = (5000, 100));
        var taken = run.Add(0, 1000);
        await run.Sender.FlushAsync();

        await service.Process.HoldAsync();
        taken.AddRange(run.Add(1000, 20_000));
        Assert.Equal(15_000, run.Sender.State.Dropped);
        Assert.Equal(5000, run.Sender.State.Unacknowledged);
        service.Process.Signal(Signals.Continue);
        await run.Sender.FlushAsync();

        Assert.Equal(taken.Select(n => (long)n), Stored());
        Assert.Equal((6000, 15_000), (run.Sender.State.Acknowledged, run.Sender.State.Dropped));
        await run.Sender.StopAsync();
        Assert.Equal(15_000, run.Dropped[DropReason.BufferFull]);
    }

    [Fact]
    public async Task Service_killed_and_restarted_under_load_each_sample_is_stored_once()
    {
        var service = await StartAsync();
        await using var run = new SenderRun(service.Grpc.ToString(), settings =>
            (settings.MaxBufferedSamples, settings.MaxBatchSamples) = (1_000_000, 100));
        using var stop = new CancellationTokenSource();
        var adding = Task.Run(() => AddAsync(run, stop.Token));
        try
        {
            for (var round = 0; round < Rounds.Count; round++)
            {
                var before = run.Sender.State.Acknowledged;
                await Eventually.True(() => run.Sender.State.Acknowledged > before, () => run.Sender.State.ToString());
                if (round % 2 == 0)
                    await service.KillAsync();
                else
                    await service.StopAsync();
                await service.DisposeAsync();
                service = await MaintenanceProcess.StartAsync(_database.Path, grpc: service.Grpc);
            }
            await stop.CancelAsync();
            var added = await adding;
            var flush = await run.Sender.FlushAsync();

            Assert.Equal(Enumerable.Range(0, added).Select(n => (long)n), Stored());
            Assert.True(flush.IsComplete, flush.ToString());
            Assert.Equal((added, 0), (run.Sender.State.Acknowledged, run.Sender.State.Dropped));
        }
        finally
        {
            await stop.CancelAsync();
            await service.DisposeAsync();
        }
    }

    private static long SizeOf(string directory) =>
        new DirectoryInfo(directory).EnumerateFiles("*.spool", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>No number is stored twice, and of those that producers called kept none is missing.</summary>
    private void AssertStoredOnce(IEnumerable<(long First, long Last)> kept)
    {
        var stored = Stored();
        Assert.Equal(stored.Distinct(), stored);
        var numbers = stored.ToHashSet();
        Assert.DoesNotContain(kept.SelectMany(range => Numbers(range.First, range.Last)), number => !numbers.Contains(number));
    }

    private static IEnumerable<long> Numbers(long first, long last)
    {
        for (var number = first; number <= last; number++)
            yield return number;
    }

    private static async Task<int> AddAsync(SenderRun run, CancellationToken stop)
    {
        var added = 0;
        while (!stop.IsCancellationRequested)
        {
            added += run.Add(added, 20).Count;
            await Task.Delay(20, CancellationToken.None);
        }
        return added;
    }

    private async Task<MaintenanceProcess> StartAsync()
    {
        var service = await MaintenanceProcess.StartAsync(_database.Path);
        await service.WaitForHealthAsync();
        return service;
    }

    /// <summary>In the order in which they were stored.</summary>
    private List<long> Stored() =>
        [.. _database.Lines($"SELECT metric_value FROM processing_metrics WHERE source_name = '{SenderRun.Producer}' ORDER BY rowid")
            .Select(value => long.Parse(value, CultureInfo.InvariantCulture))];
}
