using Google.Protobuf.WellKnownTypes;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Ingest.Sample;
using ThreatLens.Ingest.Sample.Watching;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>The sample's watch and sender in this process, against the fake service.</summary>
public sealed class LogWatchTests : IAsyncLifetime
{
    private readonly TemporaryFolder _directory = new();
    private readonly string _app;
    private readonly string _web;
    private FakeIngestServer _server = null!;

    public LogWatchTests() => (_app, _web) = (_directory.File("app.log"), _directory.File("web.log"));

    public async ValueTask InitializeAsync() => _server = await FakeIngestServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Watch_files_grow_every_line_is_stored_with_the_offset()
    {
        Append(_app, 100);
        await using var run = Start(_app, _web);
        await Eventually.Equal(100L, () => Lines("app.log"));
        Append(_web, 7);
        Append(_app, 11);

        await Eventually.Equal(111L, () => Lines("app.log"));
        await Eventually.Equal(7L, () => Lines("web.log"));
        var report = _server.Store.Report(_app)!;
        Assert.Equal(new FileInfo(_app).Length, report.Offset);
        Assert.Equal(report.FileSize, report.Offset);
        Assert.Equal(LogSourceStatus.Active, report.Status);
        Assert.NotEmpty(report.PositionToken);
        Assert.Equal(new FileInfo(_app).Length, _server.Store.Total("app.log", "bytes"));
    }

    [Fact]
    public async Task Watch_missing_file_is_reported_and_picked_up()
    {
        await using var run = Start(_app);
        await Eventually.Equal(LogSourceStatus.Error, () => Status(_app));
        Assert.Equal("file not found", _server.Store.Report(_app)!.ErrorMessage);
        Append(_app, 3);

        await Eventually.Equal(LogSourceStatus.Active, () => Status(_app));
        await Eventually.Equal(3L, () => Lines("app.log"));
        Assert.Equal("", _server.Store.Report(_app)!.ErrorMessage);
    }

    [Fact]
    public async Task Watch_stopped_in_order_flushes_and_says_inactive()
    {
        Append(_app, 10);
        var run = Start(_app);
        await Eventually.Equal(10L, () => Lines("app.log"));
        Append(_app, 5);
        await run.DisposeAsync();

        Assert.Equal(15, Lines("app.log"));
        Assert.Equal(LogSourceStatus.Inactive, Status(_app));
    }

    [Fact]
    public async Task Watch_started_again_goes_on_at_the_welcomes_position()
    {
        Append(_app, 10);
        await using (Start(_app))
            await Eventually.Equal(10L, () => Lines("app.log"));
        Append(_app, 10);
        File.Move(_app, _app + ".1");
        Append(_app, 10);
        await using var run = Start(_app);

        await Eventually.Equal(30L, () => Lines("app.log"));
    }

    [Fact]
    public async Task Watch_file_that_the_database_knows_and_not_for_this_producer_says_that_it_is_read_from_its_beginning()
    {
        const string warning = "Warning: " + "{0} is known to the database, and the service has no position in it for this producer";
        _server.Configure(Switched(_app, on: true));
        Append(_app, 5);
        Append(_web, 5);
        var first = new RecordedLog<LogWatch>();
        await using (Start([_app, _web], TimeSpan.FromMilliseconds(100), log: first))
            await Eventually.Equal(10L, () => Lines("app.log") + Lines("web.log"));
        var second = new RecordedLog<LogWatch>();
        await using (Start([_app, _web], TimeSpan.FromMilliseconds(100), log: second))
        {
            Append(_app, 1);
            await Eventually.Equal(6L, () => Lines("app.log"));
        }

        Assert.Equal(1, first.Count(warning.Replace("{0}", _app, StringComparison.Ordinal)));
        Assert.Equal(0, first.Count(_web + " is known"));
        Assert.Equal(0, second.Count("is known to the database"));
    }

    [Fact]
    public async Task Watch_monitoring_off_reads_nothing_and_on_again_goes_on()
    {
        Append(_app, 10);
        await using var run = Start(_app);
        await Eventually.Equal(10L, () => Lines("app.log"));

        _server.Configure(new IngestConfiguration { Monitoring = new MonitoringConfig { Enabled = false } });
        await Eventually.Equal(LogSourceStatus.Paused, () => Status(_app));
        var batches = _server.Store.Batches.Count;
        Append(_app, 10);
        _server.Configure(new IngestConfiguration { Monitoring = new MonitoringConfig { Enabled = false, Paths = { _app, _web } } });
        await Eventually.Equal(LogSourceStatus.Paused, () => Status(_web));
        Assert.Equal(batches + 1, _server.Store.Batches.Count);
        Assert.Equal(10, Lines("app.log"));

        _server.Configure(new IngestConfiguration { Monitoring = new MonitoringConfig { Enabled = true } });
        await Eventually.Equal(20L, () => Lines("app.log"));
        Assert.Equal(LogSourceStatus.Active, Status(_app));
    }

    [Fact]
    public async Task Watch_source_off_is_paused_and_on_again_goes_on()
    {
        Append(_app, 10);
        Append(_web, 10);
        await using var run = Start(_app, _web);
        await Eventually.Equal(20L, () => Lines("app.log") + Lines("web.log"));

        _server.Configure(Switched(_app, on: false));
        await Eventually.Equal(LogSourceStatus.Paused, () => Status(_app));
        Append(_app, 10);
        Append(_web, 10);
        await Eventually.Equal(20L, () => Lines("web.log"));
        Assert.Equal(10, Lines("app.log"));

        _server.Configure(Switched(_app, on: true));
        await Eventually.Equal(20L, () => Lines("app.log"));
    }

    [Fact]
    public async Task Watch_paths_pushed_replace_its_own_and_come_back()
    {
        Append(_app, 10);
        Append(_web, 10);
        await using var run = Start(_app);
        await Eventually.Equal(10L, () => Lines("app.log"));

        _server.Configure(new IngestConfiguration { Monitoring = new MonitoringConfig { Enabled = true, Paths = { _web } } });
        await Eventually.Equal(LogSourceStatus.Inactive, () => Status(_app));
        await Eventually.Equal(10L, () => Lines("web.log"));
        Append(_app, 10);

        _server.Configure(new IngestConfiguration { Monitoring = new MonitoringConfig { Enabled = true } });
        await Eventually.Equal(20L, () => Lines("app.log"));
        Assert.Equal(LogSourceStatus.Inactive, Status(_web));
    }

    [Fact]
    public async Task Watch_interval_pushed_is_followed_at_once()
    {
        Append(_app, 1);
        await using var run = Start([_app], TimeSpan.FromHours(1));
        await Eventually.Equal(1L, () => Lines("app.log"));
        Append(_app, 1);

        _server.Configure(new IngestConfiguration
        {
            Monitoring = new MonitoringConfig { Enabled = true, Interval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(100)) },
        });

        await Eventually.Equal(2L, () => Lines("app.log"));
        Append(_app, 1);
        await Eventually.Equal(3L, () => Lines("app.log"));
    }

    [Fact]
    public async Task Watch_name_of_the_database_is_used()
    {
        Append(_app, 4);
        var configuration = Switched(_app, on: true);
        configuration.Sources[0].SourceName = "the old name";
        _server.Configure(configuration);
        await using var run = Start(_app);

        await Eventually.Equal(4L, () => Lines("the old name"));
        Assert.Equal("the old name", _server.Store.Report(_app)!.SourceName);
    }

    [Fact]
    public async Task Watch_few_samples_a_batch_divides_between_sources()
    {
        _server.MaxBatchSamples = 6;
        Append(_app, 4);
        Append(_web, 4);
        await using var run = Start(_app, _web);

        await Eventually.Equal(8L, () => Lines("app.log") + Lines("web.log"));
        Assert.All(_server.Store.Batches, batch => Assert.InRange(batch.Samples.Count, 0, 6));
    }

    [Fact]
    public async Task Watch_nothing_acknowledged_reads_no_further_than_the_window()
    {
        Append(_app, 1);
        _server.NextFault = _ => Fault.Silence;
        await using var run = Start([_app], TimeSpan.FromMilliseconds(100), window: 3);
        await Eventually.Equal(3, () => run.Sender.State.Unacknowledged);
        Append(_app, 1000);
        await _server.StopAsync();
        Append(_app, 1000);
        await Eventually.True(() => run.Sender.State.Connection == ThreatLens.Maintenance.Client.Ingestion.MetricSenderConnection.WaitingToReconnect);
        Assert.Equal(3, run.Sender.State.Unacknowledged);

        _server.NextFault = _ => Fault.None;
        await _server.StartAgainAsync();
        await Eventually.Equal(2001L, () => Lines("app.log"));
    }

    [Fact]
    public async Task Watch_database_restored_measures_again_from_its_positions()
    {
        Append(_app, 10);
        await using var run = Start(_app);
        await Eventually.Equal(10L, () => Lines("app.log"));
        var batches = _server.Store.Batches.Count;
        Append(_app, 10);
        await Eventually.Equal(20L, () => Lines("app.log"));

        await _server.StopAsync();
        _server.Store.RestoreTo("tests", batches);
        Assert.Equal(10, Lines("app.log"));
        await _server.StartAgainAsync();

        await Eventually.Equal(20L, () => Lines("app.log"));
    }

    [Theory]
    [MemberData(nameof(FaultSeeds.All), MemberType = typeof(FaultSeeds))]
    public async Task Watch_random_faults_rotations_and_restarts_count_every_line_once(int seed)
    {
        var random = new Random(seed);
        _server.NextFault = _ =>
        {
            lock (random)
                return random.NextDouble() < 0.1 ? (Fault)random.Next(1, 5) : Fault.None;
        };
        long written = Append(_app, 1);
        var run = Start([_app], TimeSpan.FromMilliseconds(100));
        await Eventually.True(() => Lines("app.log") > 0);
        for (var step = 0; step < 40; step++)
        {
            int what;
            lock (random)
                what = random.Next(12);
            switch (what)
            {
                case 0:
                    await run.DisposeAsync();
                    run = Start([_app], TimeSpan.FromMilliseconds(100));
                    break;
                case 1:
                    await _server.StopAsync();
                    await _server.StartAgainAsync();
                    break;
                case 2:
                    File.Move(_app, $"{_app}.{step}");
                    written += Append(_app, 5);
                    await Eventually.Equal(written, () => Lines("app.log"));
                    break;
                default:
                    written += Append(_app, what * 10);
                    break;
            }
            await Task.Delay(what * 5);
        }

        await Eventually.Equal(written, () => Lines("app.log"));
        await run.DisposeAsync();
        Assert.Equal(written, Lines("app.log"));
    }

    private static int Append(string path, int lines)
    {
        File.AppendAllText(path, string.Concat(Enumerable.Range(0, lines).Select(n => $"2026-11-23 15:00:01 INFO line {n} {Guid.NewGuid()}\n")));
        return lines;
    }

    private static IngestConfiguration Switched(string path, bool on) => new()
    {
        Monitoring = new MonitoringConfig { Enabled = true },
        Sources = { new LogSourceSetting { SourceName = Path.GetFileName(path), Path = path, Enabled = on } },
    };

    private long Lines(string source) => _server.Store.Total(source);

    private LogSourceStatus? Status(string path) => _server.Store.Report(path)?.Status;

    private WatchRun Start(params string[] paths) => Start(paths, TimeSpan.FromMilliseconds(100));

    private WatchRun Start(string[] paths, TimeSpan interval, int window = 8, RecordedLog<LogWatch>? log = null) => new(_server, new IngestOptions
    {
        Paths = paths,
        ProducerId = "tests",
        Interval = interval,
        RotationWait = TimeSpan.Zero,
        MaxUnacknowledgedBatches = window,
        // On a busy machine the default may be over before the last batch is acknowledged.
        StopTimeout = TimeSpan.FromMinutes(1),
    }, log);
}
