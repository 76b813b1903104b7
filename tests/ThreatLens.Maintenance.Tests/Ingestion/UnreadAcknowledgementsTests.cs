using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

/// <summary>What is rejected is kept within a bound until it is read, whoever rejected it.</summary>
public sealed class UnreadAcknowledgementsTests
{
    private readonly UnreadAcknowledgements _unread = new(Options.Create(new IngestOptions { MaxQueueWait = TimeSpan.FromMinutes(10) }), TimeProvider.System);
    private readonly ProducerSession _session = new("one", "");
    private readonly ProducerSession _other = new("other", "");

    [Fact]
    public async Task EnterAsync_without_rejections_takes_nothing()
    {
        using var place = await _unread.EnterAsync(_session, Batch([]), CancellationToken.None);

        Assert.Equal(0, _unread.Bytes);
    }

    [Fact]
    public async Task EnterAsync_while_the_database_has_added_more_than_the_bound_waits_until_that_is_read()
    {
        var kept = await _unread.EnterAsync(_session, Batch([]), CancellationToken.None);
        kept.Settle(Rejections(5 * 1024 * 1024));
        Assert.InRange(_unread.Bytes, UnreadAcknowledgements.MaxBytes, 2 * UnreadAcknowledgements.MaxBytes);

        var rejected = _unread.EnterAsync(_other, Batch(Rejections(10)), CancellationToken.None).AsTask();
        // What the database will reject of it is not known, and taken to be as much as of the last one.
        var next = _unread.EnterAsync(_session, Batch([]), CancellationToken.None).AsTask();
        Assert.False(rejected.IsCompleted);
        Assert.False(next.IsCompleted);
        using (await _unread.EnterAsync(_other, Batch([]), CancellationToken.None))
        {
            // Nothing is rejected: nobody waits.
        }

        kept.Dispose();
        (await rejected).Dispose();
        (await next).Dispose();
        Assert.Equal(0, _unread.Bytes);
    }

    [Fact]
    public async Task Settle_with_less_than_was_expected_gives_the_rest_back()
    {
        (await _unread.EnterAsync(_session, Batch([]), CancellationToken.None)).Settle(Rejections(1000));
        var after = _unread.Bytes;
        using var next = await _unread.EnterAsync(_session, Batch([]), CancellationToken.None);
        Assert.Equal(2 * after, _unread.Bytes);

        next.Settle([]);

        Assert.Equal(after, _unread.Bytes);
        using var last = await _unread.EnterAsync(_session, Batch([]), CancellationToken.None);
        Assert.Equal(after, _unread.Bytes);
    }

    [Fact]
    public async Task Settle_of_a_stream_that_has_ended_keeps_nothing()
    {
        var place = await _unread.EnterAsync(_session, Batch(Rejections(100)), CancellationToken.None);
        place.Dispose();

        place.Settle(Rejections(1000));
        place.Dispose();

        Assert.Equal(0, _unread.Bytes);
    }

    private static ValidatedBatch Batch(IReadOnlyList<Rejection> rejections) => new(1, [], [], rejections, 100);

    private static Rejection[] Rejections(int characters) => [new(RejectedEntry.Sample, 0, "sample", new string('x', characters))];
}
