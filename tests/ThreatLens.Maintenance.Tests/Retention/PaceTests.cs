using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Retention;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>How large transactions are, on a disk and with a writer that are played, so that every cost is what the test says.</summary>
public sealed class PaceTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(30);

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void Observe_fsync_of_twice_the_cost_makes_chunks_smaller(double fsync)
    {
        var disk = new PlayedDisk(fsync);
        disk.Run(chunks: 400);
        var before = disk.MeanRows(100);

        disk.Fsync *= 2;
        disk.Run(chunks: 400);

        Assert.True(disk.MeanRows(100) < before * 0.9, $"{before} rows before, {disk.MeanRows(100)} after");
        Assert.True(disk.Added(200) <= Budget, $"{disk.Added(200).TotalMilliseconds} ms were added");
    }

    [Theory]
    [InlineData(22)]
    [InlineData(26)]
    public void Observe_fsync_of_twice_the_cost_that_the_writer_alone_waits_for_makes_chunks_smaller(double fsync)
    {
        // As it is in the service: the deletions do not wait for the disk, the writer behind them does. Batches come no faster than such a disk takes them.
        var disk = new PlayedDisk(fsync) { DeletionsWait = false, BatchEvery = 60 };
        disk.Run(chunks: 400);
        var before = disk.MeanRows(100);

        disk.Fsync *= 2;
        disk.Run(chunks: 400);

        Assert.True(disk.MeanRows(100) < before * 0.9, $"{before} rows before, {disk.MeanRows(100)} after");
    }

    [Fact]
    public void Observe_one_slow_batch_that_met_a_chunk_makes_the_next_one_smaller_at_once()
    {
        var played = new PlayedBatches();
        var before = played.Pace.Rows;
        played.Chunk(PlayedBatches.Usual);
        var grown = played.Pace.Rows;

        played.Chunk(PlayedBatches.Usual + Budget + TimeSpan.FromMilliseconds(1));

        Assert.True(grown > before, $"{before} rows, then {grown}");
        Assert.Equal((int)(grown * 0.7), played.Pace.Rows);
        Assert.Equal(TimeSpan.Zero, played.Pace.Rest);
        // It is over: one more that takes as long as usual, and they grow again.
        played.Chunk(PlayedBatches.Usual);
        Assert.True(played.Pace.Rows > (int)(grown * 0.7), $"{played.Pace.Rows} rows");
    }

    [Fact]
    public void Observe_batches_within_the_budget_or_that_met_no_chunk_make_none_smaller()
    {
        var played = new PlayedBatches();
        played.Chunk(PlayedBatches.Usual);
        var before = played.Pace.Rows;

        played.Chunk(PlayedBatches.Usual + Budget);
        var within = played.Pace.Rows;
        // As slow as can be, between two chunks: that is the disk's own doing.
        played.Alone(TimeSpan.FromMilliseconds(100));
        played.Chunk(PlayedBatches.Usual);

        Assert.True(within > before, $"{before} rows, then {within}");
        Assert.True(played.Pace.Rows > within, $"{within} rows, then {played.Pace.Rows}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public void Observe_a_steady_writer_is_kept_within_the_budget(double fsync)
    {
        var disk = new PlayedDisk(fsync);
        disk.Run(chunks: 600);

        Assert.True(disk.Added(300) <= Budget, $"{disk.Added(300).TotalMilliseconds} ms were added");
        Assert.True(disk.MeanRows(100) > CleanupPace.MinRows, "chunks are as small as can be on a disk that allows more");
    }

    [Fact]
    public void Observe_a_disk_slower_than_the_budget_makes_the_smallest_chunks_and_rests_between_them()
    {
        var disk = new PlayedDisk(40);
        disk.Run(chunks: 200);

        Assert.Equal(CleanupPace.MinRows, disk.Pace.Rows);
        Assert.True(disk.Pace.Rest > TimeSpan.Zero, "no rest between chunks");
    }

    [Fact]
    public void Observe_nobody_writing_goes_without_rests_and_in_larger_chunks()
    {
        var busy = new PlayedDisk(2);
        busy.Run(chunks: 300);
        var idle = new PlayedDisk(2) { HasWriter = false };
        idle.Run(chunks: 300);

        Assert.Equal(TimeSpan.Zero, idle.Pace.Rest);
        Assert.True(idle.MeanRows(100) > 2 * busy.MeanRows(100), $"{idle.MeanRows(100)} rows idle, {busy.MeanRows(100)} beside a writer");
    }

    [Fact]
    public void Observe_a_writer_that_begins_makes_chunks_smaller_and_one_that_ends_larger_again()
    {
        var disk = new PlayedDisk(2) { HasWriter = false };
        disk.Run(chunks: 200);
        var idle = disk.MeanRows(50);
        disk.HasWriter = true;
        disk.Run(chunks: 200);
        var beside = disk.MeanRows(50);
        disk.HasWriter = false;
        disk.Run(chunks: 400);

        Assert.True(beside < idle / 2, $"{idle} rows idle, {beside} beside a writer");
        Assert.True(disk.MeanRows(50) > beside * 2, $"{beside} rows beside a writer, {disk.MeanRows(50)} afterwards");
    }

    /// <summary>Chunks of 5 ms with a batch that comes during each, far fewer than a percentile is made of.</summary>
    private sealed class PlayedBatches
    {
        public static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(5);
        private readonly FakeTimeProvider _time = new();
        private readonly WriterLatency _latency;

        public PlayedBatches()
        {
            _latency = new WriterLatency(_time);
            for (var i = 0; i < 100; i++)
                Alone(Usual);
            Pace = new CleanupPace(_latency, Budget, 20_000, _time);
        }

        public CleanupPace Pace { get; }

        /// <summary>A chunk, and a batch that is committed behind it and took so long.</summary>
        public void Chunk(TimeSpan batch)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
            var begun = _time.GetTimestamp();
            _time.Advance(Usual);
            var ended = _time.GetTimestamp();
            _latency.Report(batch);
            Pace.Observe(begun, ended);
        }

        /// <summary>A batch that nothing was in the way of.</summary>
        public void Alone(TimeSpan batch)
        {
            _time.Advance(batch + TimeSpan.FromMilliseconds(200));
            _latency.Report(batch);
        }
    }

    /// <summary>A cleanup and a writer that takes turns with it; a batch commits when it has its turn.</summary>
    private sealed class PlayedDisk
    {
        private const double PerRow = 0.006;
        private readonly FakeTimeProvider _time = new();
        private readonly WriterLatency _latency;
        private readonly List<int> _rows = [];
        private readonly List<double> _latencies = [];
        private readonly double _alone;
        private double _clock;
        private double _nextBatch;

        public PlayedDisk(double fsync)
        {
            Fsync = fsync;
            _alone = fsync + 1;
            _latency = new WriterLatency(_time);
            // Alone for a while, so that there is something to compare with.
            for (var i = 0; i < 100; i++)
                Batch(_clock + BatchEvery);
            Pace = new CleanupPace(_latency, Budget, 20_000, _time);
        }

        public double Fsync { get; set; }

        public bool HasWriter { get; set; } = true;

        /// <summary>Milliseconds from one batch to the next.</summary>
        public double BatchEvery { get; init; } = 5;

        /// <summary>Whether a chunk keeps the gate until it is on the disk.</summary>
        public bool DeletionsWait { get; init; } = true;

        public CleanupPace Pace { get; }

        public void Run(int chunks)
        {
            for (var i = 0; i < chunks; i++)
            {
                Pass(Pace.Rest.TotalMilliseconds);
                var begun = _time.GetTimestamp();
                var arrivals = _clock;
                _rows.Add(Pace.Rows);
                Advance((DeletionsWait ? Fsync : 0) + (Pace.Rows * PerRow));
                var ended = _time.GetTimestamp();
                // Those that came meanwhile go as one group, as soon as they have their turn.
                if (HasWriter)
                    Group(arrivals);
                else
                    Advance(50);
                Pace.Observe(begun, ended);
            }
        }

        public double MeanRows(int last) => _rows.TakeLast(last).Average();

        public TimeSpan Added(int last)
        {
            var sorted = _latencies.TakeLast(last).Order().ToList();
            return TimeSpan.FromMilliseconds(sorted[sorted.Count * 99 / 100] - (Fsync + 1));
        }

        private void Pass(double milliseconds)
        {
            var until = _clock + milliseconds;
            while (HasWriter && _nextBatch < until)
                Batch(_nextBatch);
            if (_clock < until)
                Advance(until - _clock);
        }

        private void Group(double since)
        {
            _nextBatch = Math.Max(_nextBatch, since);
            Advance(Fsync + 1);
            for (; _nextBatch < _clock - (Fsync + 1); _nextBatch += BatchEvery)
                Report(_clock - _nextBatch);
        }

        private void Batch(double arrived)
        {
            if (arrived > _clock)
                Advance(arrived - _clock);
            Advance(_alone);
            Report(_clock - arrived);
            _nextBatch = arrived + BatchEvery;
        }

        private void Report(double milliseconds)
        {
            _latencies.Add(milliseconds);
            _latency.Report(TimeSpan.FromMilliseconds(milliseconds));
        }

        private void Advance(double milliseconds)
        {
            _clock += milliseconds;
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        }
    }
}
