using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Statistics.History;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>Subscribers: who gets what, and how often it is computed.</summary>
public sealed class HealthWatchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly CountingSection _schema = new(HealthSectionKind.Schema);
    private readonly CountingSection _tables = new(HealthSectionKind.Tables);
    private readonly HealthWatches _watches;

    public HealthWatchTests()
    {
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={_folder.File("none.db")}" }, _time);
        _watches = new HealthWatches(new SharedReports(new HealthReporter(database, [_tables, _schema], new HealthHistory(Options.Create(new HistoryOptions()), _time), _time), _time), _time);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task WatchAsync_many_subscribers_share_one_computation_an_interval()
    {
        await using var watchers = await WatchersAsync(50, TimeSpan.FromSeconds(1));
        var computed = _schema.Looks;
        // Those who came at once share what began after they came: far fewer computations than subscribers.
        Assert.InRange(computed, 1, 49);

        for (var tick = 1; tick <= 3; tick++)
        {
            var messages = await watchers.NextAsync(() => _time.Advance(TimeSpan.FromSeconds(1)));
            Assert.Single(messages.Select(m => m.Report).Distinct());
            Assert.Equal(computed + tick, _schema.Looks);
        }
    }

    [Fact]
    public async Task WatchAsync_slow_reader_gets_the_latest_report_and_no_backlog()
    {
        await using var watcher = _watches.WatchAsync(Every(1), CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watcher.MoveNextAsync());
        for (var missed = 0; missed < 10; missed++)
            _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await watcher.MoveNextAsync());
        Assert.Equal(_time.GetUtcNow(), watcher.Current.Report.MadeAt);
        var next = watcher.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await Eventually.WithinLimitAsync(next, "the next report"));
        Assert.Equal(_time.GetUtcNow(), watcher.Current.Report.MadeAt);
    }

    [Fact]
    public async Task WatchAsync_on_change_only_sends_heartbeats_until_a_status_or_finding_changes()
    {
        await using var watcher = _watches.WatchAsync(Every(5) with { OnChangeOnly = true }, CancellationToken.None).GetAsyncEnumerator();
        var heartbeats = new List<bool>();
        async Task NextAsync()
        {
            var next = watcher.MoveNextAsync().AsTask();
            if (!next.IsCompleted)
                _time.Advance(TimeSpan.FromSeconds(5));
            Assert.True(await Eventually.WithinLimitAsync(next, "a message"));
            heartbeats.Add(watcher.Current.IsHeartbeat);
        }

        await FirstAsync(watcher);
        heartbeats.Add(watcher.Current.IsHeartbeat);
        _schema.Summary = "Another wording is no news.";
        await NextAsync();
        _schema.Findings = [HealthRules.Pending.Warn("001")];
        await NextAsync();
        _schema.Findings = [HealthRules.Pending.Warn("001 and 002")];
        await NextAsync();
        _schema.Findings = [HealthRules.Pending.Warn("001", "another subject")];
        await NextAsync();

        Assert.Equal([false, true, false, true, false], heartbeats);
    }

    [Fact]
    public async Task WatchAsync_sections_filter_also_decides_what_is_a_change()
    {
        await using var watcher = _watches.WatchAsync(new HealthWatch(TimeSpan.FromSeconds(5), [HealthSectionKind.Tables], true), CancellationToken.None).GetAsyncEnumerator();
        await FirstAsync(watcher);
        Assert.Equal(HealthSectionKind.Tables, Assert.Single(watcher.Current.Report.Sections).Kind);
        Assert.Equal(HealthStatus.Ok, watcher.Current.Report.Overall);

        _schema.Findings = [HealthRules.Newer.Fail("not asked for")];
        var next = watcher.MoveNextAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.True(await Eventually.WithinLimitAsync(next, "a message"));
        Assert.True(watcher.Current.IsHeartbeat);
    }

    [Fact]
    public async Task WatchAsync_report_that_takes_longer_than_100_ms_is_preceded_by_a_heartbeat_that_says_so()
    {
        using var gate = new ManualResetEventSlim();
        _schema.Gate = gate;
        await using var watcher = _watches.WatchAsync(Every(5), CancellationToken.None).GetAsyncEnumerator();
        var first = watcher.MoveNextAsync().AsTask();
        await Eventually.UntilAsync(() => _schema.Looks == 1, "the computation");

        _time.Advance(TimeSpan.FromMilliseconds(99));

        Assert.True(await Eventually.WithinLimitAsync(first, "the first message"));
        Assert.Equal((true, true, HealthStatus.Unknown), (watcher.Current.IsHeartbeat, watcher.Current.IsPreliminary, watcher.Current.Report.Overall));
        Assert.Equal([HealthSectionKind.Schema, HealthSectionKind.Tables], watcher.Current.Report.Sections.Select(s => s.Kind));
        Assert.All(watcher.Current.Report.Sections, s => Assert.Equal((HealthStatus.Unknown, true), (s.Status, s.Summary.Length > 0)));
        gate.Set();
        Assert.True(await Eventually.WithinLimitAsync(watcher.MoveNextAsync().AsTask(), "the report"));
        Assert.Equal((false, 2), (watcher.Current.IsHeartbeat, watcher.Current.Report.Sections.Count));
    }

    private static HealthWatch Every(int seconds) => new(TimeSpan.FromSeconds(seconds), [], false);

    private static async Task FirstAsync(IAsyncEnumerator<HealthMessage> watcher) => Assert.True(await Eventually.WithinLimitAsync(watcher.MoveNextAsync().AsTask(), "the first report"));

    private async Task<Watchers> WatchersAsync(int count, TimeSpan interval)
    {
        var watchers = new Watchers([.. Enumerable.Range(0, count).Select(_ => _watches.WatchAsync(new HealthWatch(interval, [], false), CancellationToken.None).GetAsyncEnumerator())]);
        await watchers.NextAsync(() => { });
        return watchers;
    }

    private sealed class Watchers(List<IAsyncEnumerator<HealthMessage>> all) : IAsyncDisposable
    {
        public async Task<List<HealthMessage>> NextAsync(Action meanwhile)
        {
            var next = all.ConvertAll(w => w.MoveNextAsync().AsTask());
            meanwhile();
            Assert.All(await Eventually.WithinLimitAsync(Task.WhenAll(next), "the messages"), Assert.True);
            return all.ConvertAll(w => w.Current);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var watcher in all)
                await watcher.DisposeAsync();
        }
    }

    private sealed class CountingSection(HealthSectionKind kind) : IHealthSectionSource
    {
        private int _looks;

        public HealthSectionKind Kind => kind;

        public bool ReadsDatabase => false;

        public int Looks => Volatile.Read(ref _looks);

        public string Summary { get; set; } = "All is well.";

        public IReadOnlyList<HealthFinding> Findings { get; set; } = [];

        public ManualResetEventSlim? Gate { get; set; }

        public HealthSection Look(HealthLook look)
        {
            Interlocked.Increment(ref _looks);
            Gate?.Wait();
            return look.Section(Kind, Summary, [], Findings);
        }
    }
}
