using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.Client.Ingestion.Buffering;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

/// <summary>The way of batches to the stream, above a spool that cannot always be written.</summary>
public sealed class OutboxTests
{
    [Fact]
    public async Task After_numbers_that_cannot_be_kept_nothing_goes_out_until_they_can()
    {
        var supply = new UnwritableSupply(position: 0);
        var outbox = Make(supply, standing: default);

        await using var batches = outbox.After(new Welcome { LastSequence = 4 }).GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());

        Assert.Equal(["refused 0=4", "kept 0=4", "taken 1"], supply.Calls);
    }

    [Fact]
    public async Task After_numbers_that_cannot_be_kept_and_the_next_welcome_finds_everything_as_it_was()
    {
        var supply = new UnwritableSupply(position: 3);
        var outbox = Make(supply, new Standing(Settled: 3, Sent: 5, new Numbering(3, 3)));
        using (var cut = new CancellationTokenSource())
        {
            await using var batches = outbox.After(new Welcome { LastSequence = 1 }, cut.Token).GetAsyncEnumerator(cut.Token);
            var waiting = batches.MoveNextAsync();
            Assert.Equal(["refused 3=1"], supply.Calls);
            await cut.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        }

        // The first welcome of the process has not been taken in: this one counts as the first, and the spool as the word of what was sent.
        await using var again = outbox.After(new Welcome { LastSequence = 5 }).GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync());

        Assert.Equal(["refused 3=1", "taken 4", "settled 4", "taken 5", "settled 5", "taken 6"], supply.Calls);
    }

    private static Outbox Make(UnwritableSupply supply, Standing standing)
    {
        var drops = new DropLedger("outbox", new MetricSenderMetrics("outbox"), NullLogger.Instance, _ => { });
        return new Outbox("outbox", supply, standing, drops, TimeProvider.System, NullLogger.Instance);
    }

    private sealed class UnwritableSupply(long position) : IBatchSupply
    {
        private long _position = position;
        private bool _hasFailed;

        public List<string> Calls { get; } = [];

        public ValueTask<PackedBatch?> TakeAsync(CancellationToken cancellationToken)
        {
            Calls.Add($"taken {++_position}");
            return ValueTask.FromResult<PackedBatch?>(new PackedBatch(_position, new MetricBatch()));
        }

        public bool TryRenumber(Numbering numbering)
        {
            Calls.Add($"{(_hasFailed ? "kept" : "refused")} {numbering.Position}={numbering.Number}");
            var isKept = _hasFailed;
            _hasFailed = true;
            return isKept;
        }

        public void Settle(PackedBatch packed) => Calls.Add($"settled {packed.Position}");
    }
}
