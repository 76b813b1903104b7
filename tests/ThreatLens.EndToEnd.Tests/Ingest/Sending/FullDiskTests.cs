using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>A spool on a disk that is really full: metrics go by memory, nothing crashes, and the spool is used again when there is room.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SmallDisk _disk;

    public FullDiskTests()
    {
        var disk = SmallDisk.TryMount(_folder.File("disk"), megabytes: 2);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        _disk = disk;
    }

    public void Dispose()
    {
        _disk.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Add_disk_becomes_full_everything_is_stored_and_the_spool_comes_back()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = Run(server.Address);
        run.Add(0, 100);
        Assert.True(await run.Sender.PersistAsync());
        await run.Sender.FlushAsync();

        _disk.FillBut(0);
        for (var n = 100; n < 300; n++)
            run.Sender.Add(SenderRun.Producer, "n", n, metadata: new string('x', 2000));
        var flush = await run.Sender.FlushAsync();
        Assert.NotNull(run.Sender.State.SpoolFailure);
        Assert.True(flush.IsComplete, flush.ToString());

        _disk.MakeRoom();
        run.Add(300, 100);
        Assert.True(await run.Sender.PersistAsync());
        await run.Sender.FlushAsync();
        Assert.Null(run.Sender.State.SpoolFailure);
        Assert.Equal(Enumerable.Range(0, 400), SenderRun.Stored(server));
    }

    [Fact]
    public async Task Add_disk_and_buffer_are_full_and_the_service_is_away_drops_by_the_policy_and_keeps_the_rest()
    {
        var run = Run("http://127.0.0.1:1", settings => settings.MaxBufferedSamples = 50);
        var taken = run.Add(0, 40);
        Assert.True(await run.Sender.PersistAsync());
        _disk.FillBut(0);
        // The pages that the spool has already take some more.
        while (run.Sender.State.SpoolFailure is null)
        {
            taken.AddRange(run.Add(taken.Count, 1));
            await Task.Delay(1);
        }
        var inSpool = taken.Count;
        while (run.Sender.State.Dropped == 0)
            taken.AddRange(run.Add(taken.Count, 1));
        Assert.False(await run.Sender.PersistAsync());
        await run.AbandonAsync();
        _disk.MakeRoom();

        await using var server = await FakeIngestServer.StartAsync();
        await using var next = Run(server.Address);
        await next.Sender.FlushAsync();

        var stored = SenderRun.Stored(server);
        Assert.Equal(taken.Take(stored.Count), stored);
        Assert.InRange(stored.Count, 40, inSpool);
        Assert.Equal(taken.Count - stored.Count, run.Dropped[DropReason.Shutdown]);
    }

    [Fact]
    public async Task Start_disk_is_full_before_the_spool_exists_sends_from_memory()
    {
        _disk.FillBut(0);
        await using var server = await FakeIngestServer.StartAsync();
        await using var run = Run(server.Address);
        run.Add(0, 100);

        var flush = await run.Sender.FlushAsync();

        Assert.True(flush.IsComplete, flush.ToString());
        Assert.NotNull(run.Sender.State.SpoolFailure);
        Assert.Equal(Enumerable.Range(0, 100), SenderRun.Stored(server));
    }


    private SenderRun Run(string address, Action<MetricSenderSettings>? configure = null) => new(address, settings =>
    {
        (settings.SpoolDirectory, settings.MaxBatchSamples) = (Path.Combine(_disk.Path, "spool"), 10);
        configure?.Invoke(settings);
    });
}
