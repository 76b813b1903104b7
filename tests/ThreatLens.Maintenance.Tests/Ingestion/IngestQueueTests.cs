using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

public sealed class IngestQueueTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Take_gives_every_producer_a_turn_and_keeps_each_ones_order()
    {
        using var queue = new IngestQueue(new IngestOptions { MaxGroupRows = 5 }, _time);
        var (flood, drops) = (new ProducerSession("flood", ""), new ProducerSession("drops", ""));
        for (var sequence = 1; sequence <= 6; sequence++)
            await queue.AddAsync(Work(flood, sequence), CancellationToken.None);
        for (var sequence = 1; sequence <= 2; sequence++)
            await queue.AddAsync(Work(drops, sequence), CancellationToken.None);

        Assert.Equal(["flood 1", "drops 1", "flood 2", "drops 2", "flood 3"], Take(queue));
        await queue.AddAsync(Work(drops, 3), CancellationToken.None);
        Assert.Equal(["flood 4", "drops 3", "flood 5", "flood 6"], Take(queue));
        Assert.Equal(0, queue.Count);
        Assert.Equal(0, queue.Bytes);
    }

    [Fact]
    public async Task Take_a_second_stream_of_a_producer_comes_after_what_the_first_left()
    {
        using var queue = new IngestQueue(new IngestOptions(), _time);
        await queue.AddAsync(Work(new ProducerSession("one", "old"), 1), CancellationToken.None);
        await queue.AddAsync(Work(new ProducerSession("other", ""), 1), CancellationToken.None);
        await queue.AddAsync(new HelloWork(new ProducerSession("one", "new"), 0, idleSince: null), CancellationToken.None);

        Assert.Equal(["one 1", "other 1", "one hello"], Take(queue));
    }

    [Fact]
    public async Task AddAsync_without_room_for_as_long_as_is_waited_is_refused()
    {
        using var queue = new IngestQueue(new IngestOptions { MaxQueuedBytes = 1_000, MaxQueueWait = TimeSpan.FromSeconds(10) }, _time);
        await queue.AddAsync(Work(new ProducerSession("first", ""), 1, 900), CancellationToken.None);
        var waiting = queue.AddAsync(Work(new ProducerSession("second", ""), 1, 200), CancellationToken.None).AsTask();

        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAsync<MaintenanceException>(() => waiting);
        Assert.Equal((ErrorKind.ResourceExhausted, ErrorReasons.IngestBehind), (error.Kind, error.Reason));
        Assert.NotNull(error.RetryAfter);
        Assert.Equal(["first 1"], Take(queue));
        Assert.Equal(0, queue.Bytes);
    }

    [Fact]
    public async Task Complete_gives_out_what_is_there_and_takes_no_more()
    {
        using var queue = new IngestQueue(new IngestOptions(), _time);
        var session = new ProducerSession("one", "");
        await queue.AddAsync(Work(session, 1), CancellationToken.None);
        queue.Complete();

        var error = await Assert.ThrowsAsync<MaintenanceException>(() => queue.AddAsync(Work(session, 2), CancellationToken.None).AsTask());
        Assert.Equal(ErrorReasons.ShuttingDown, error.Reason);
        Assert.Equal(["one 1"], Take(queue));
        Assert.False(queue.Take([]));
    }

    private static List<string> Take(IngestQueue queue)
    {
        var group = new List<IngestWork>();
        Assert.True(queue.Take(group));
        List<string> names = [.. group.Select(w => $"{w.Session.ProducerId} {(w as BatchWork)?.Batch.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "hello"}")];
        queue.Release(group, group.Count);
        return names;
    }

    private static BatchWork Work(ProducerSession session, long sequence, long bytes = 10) =>
        new(session, new ValidatedBatch(sequence, [new MetricRow("s", "t", "1", "", null)], [], [], bytes), 0);
}
