using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>Spools as a crash, a bad disk or a careless hand leaves them: what can be read is stored, the rest is counted, nothing crashes.</summary>
public sealed class DamagedSpoolTests : IDisposable
{
    private const int Kept = 200;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_last_batch_is_torn_cuts_it_off_and_goes_on()
    {
        await KeepAsync();
        Damage(file => file.SetLength(file.Length - 3));

        var (stored, dropped) = await StoredAsync(added: 10);

        Assert.Equal([.. Enumerable.Range(0, Kept - 10), .. Enumerable.Range(1000, 10)], stored);
        Assert.Equal(0, dropped);
    }

    [Fact]
    public async Task Start_batch_in_the_middle_is_damaged_loses_that_one_and_counts_it()
    {
        await KeepAsync();
        Damage(file => Flip(file, file.Length / 2));

        var (stored, dropped) = await StoredAsync(added: 10);

        Assert.Equal(Kept - 10 + 10, stored.Count);
        Assert.Equal(10, dropped);
        Assert.Equal(stored.Distinct(), stored);
        Assert.Equal(Enumerable.Range(1000, 10), stored.TakeLast(10));
    }

    [Fact]
    public async Task Start_damaged_after_part_of_it_was_sent_keeps_the_numbers()
    {
        await using var server = await FakeIngestServer.StartAsync();
        // Three batches are stored and none is acknowledged.
        server.NextFault = batch => batch.Sequence < 3 ? Fault.None : batch.Sequence == 3 ? Fault.EndAfterCommit : Fault.Silence;
        await KeepAsync(server.Address, until: () => server.Store.Batches.Count == 3);
        server.NextFault = _ => Fault.None;
        Damage(file => Flip(file, file.Length * 3 / 4));

        await using (var run = Run(server.Address))
        {
            await run.Sender.FlushAsync();
            Assert.Equal(10, run.Sender.State.Dropped);
        }

        var stored = SenderRun.Stored(server);
        Assert.Equal(Kept - 10, stored.Count);
        Assert.Equal(stored.Distinct(), stored);
    }

    [Fact]
    public async Task Start_marks_are_gone_sends_what_the_batches_say()
    {
        await KeepAsync();
        File.Delete(Files("marks").Single());

        var (stored, _) = await StoredAsync(added: 10);

        Assert.Equal([.. Enumerable.Range(0, Kept), .. Enumerable.Range(1000, 10)], stored);
    }

    [Theory]
    [MemberData(nameof(FaultSeeds.All), MemberType = typeof(FaultSeeds))]
    public async Task Start_anything_is_damaged_stores_each_that_is_left_once(int seed)
    {
        var random = new Random(seed);
        await KeepAsync();
        foreach (var path in Files("*").Where(path => !path.EndsWith("lock", StringComparison.Ordinal)))
        {
            using var file = File.Open(path, FileMode.Open);
            for (var damage = random.Next(4); damage > 0; damage--)
                Flip(file, random.NextInt64(file.Length));
            if (random.Next(3) == 0)
                file.SetLength(random.NextInt64(file.Length));
            if (random.Next(3) == 0)
                file.Write(new byte[random.Next(200)]);
        }

        var (stored, _) = await StoredAsync(added: 10);

        Assert.Equal(stored.Distinct(), stored);
        Assert.Equal(Enumerable.Range(1000, 10), stored.TakeLast(10));
        Assert.All(stored.SkipLast(10), value => Assert.InRange(value, 0, Kept - 1));
    }

    private SenderRun Run(string address) => new(address, settings =>
        (settings.SpoolDirectory, settings.MaxBatchSamples, settings.MaxBatchAge) = (_folder.Path, 10, TimeSpan.FromMinutes(1)));

    private async Task KeepAsync(string address = "http://127.0.0.1:1", Func<bool>? until = null)
    {
        var run = Run(address);
        run.Add(0, Kept);
        Assert.True(await run.Sender.PersistAsync());
        if (until is not null)
            await Eventually.True(until);
        await run.AbandonAsync();
    }

    /// <summary>What a new sender on the same spool has stored, and what it dropped.</summary>
    private async Task<(List<int> Stored, long Dropped)> StoredAsync(int added)
    {
        await using var server = await FakeIngestServer.StartAsync();
        var run = Run(server.Address);
        run.Add(1000, added);
        await run.Sender.FlushAsync();
        await run.DisposeAsync();
        Assert.Equal(0, run.Sender.State.Unacknowledged);
        Assert.Equal(run.Sender.State.Dropped, run.Dropped.GetValueOrDefault(DropReason.Unreadable));
        return (SenderRun.Stored(server), run.Sender.State.Dropped);
    }

    private IEnumerable<string> Files(string pattern) => Directory.EnumerateFiles(_folder.Path, pattern, SearchOption.AllDirectories);

    private void Damage(Action<FileStream> damage)
    {
        using var file = File.Open(Files("*.spool").Single(), FileMode.Open);
        damage(file);
    }

    private static void Flip(FileStream file, long offset)
    {
        file.Position = offset;
        var value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 0x55));
    }
}
