using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class SampleProcessTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(TestRounds.Seeds), MemberType = typeof(TestRounds))]
    public async Task Process_killed_at_random_times_counts_every_line_once(int seed)
    {
        await using var server = await FakeIngestServer.StartAsync();
        var random = new Random(seed);
        server.NextFault = _ =>
        {
            lock (random)
                return random.NextDouble() < 0.05 ? Fault.CutAfterCommit : Fault.None;
        };
        var path = _directory.File("app.log");
        var written = 0L;
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    File.AppendAllText(path, $"2026-11-23 15:00:01 INFO line {written++} {Guid.NewGuid()}\n");
                    if (written % 1000 == 0)
                        File.Move(path, $"{path}.{written / 1000}");
                    await Task.Delay(1);
                }
            },
            CancellationToken.None);

        // The first lines are stored before anything is killed: without a position a rotated file means nothing to the sample.
        for (var kill = 0; kill < 3; kill++)
        {
            await using var process = Start(server, path);
            var before = server.Store.Total("app.log");
            await Eventually.True(() => server.Store.Total("app.log") > before, () => process.Output);
            await Task.Delay(random.Next(500));
            await process.KillAsync();
        }
        await stop.CancelAsync();
        await writing;
        await using var last = Start(server, path);

        await Eventually.Equal(written, () => server.Store.Total("app.log"));
        Assert.Equal(0, await last.TerminateAsync());
        Assert.Equal(written, server.Store.Total("app.log"));
        Assert.Equal(0, server.Store.Total("app.log", "parse_errors"));
        Assert.Equal(LogSourceStatus.Inactive, server.Store.Report(path)!.Status);
    }

    [Fact]
    public async Task Process_without_paths_writes_demo_logs_and_measures_them()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var process = new SampleProcess(server.Address, new Dictionary<string, string>
        {
            ["Ingest__DemoDirectory"] = _directory.Path,
            ["Ingest__Demo__MaxFileBytes"] = "20000",
            ["Ingest__Demo__ApplicationLinesPerSecond"] = "1000",
            ["Ingest__Demo__MalformedShare"] = "0.1",
            ["Ingest__Interval"] = "00:00:00.2",
            ["Ingest__RotationWait"] = "00:00:00",
        });

        foreach (var source in new[] { "sshd.log", "access.log", "application.log" })
            await Eventually.True(() => server.Store.Total(source) > 20, () => process.Output, source);
        await Eventually.True(() => File.Exists(_directory.File("application.log.1")));
        Assert.InRange(server.Store.Total("application.log", "parse_errors"), 1, server.Store.Total("application.log") / 2);
        Assert.Equal(0, await process.TerminateAsync());
    }

    [Theory]
    [InlineData("Ingest__Interval", "00:00:00.001")]
    [InlineData("Ingest__ProducerId", "")]
    [InlineData("Ingest__Demo__MalformedShare", "2")]
    public async Task Process_setting_out_of_range_refuses_to_start_naming_it(string name, string value)
    {
        await using var process = new SampleProcess("http://127.0.0.1:1", new Dictionary<string, string>
        {
            ["Ingest__DemoDirectory"] = _directory.Path, [name] = value,
        });

        Assert.NotEqual(0, await process.WaitForExitAsync());
        Assert.Contains(name.Split("__")[^1], process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_service_is_away_stops_in_order_all_the_same()
    {
        await using var process = new SampleProcess("http://127.0.0.1:1", new Dictionary<string, string> { ["Ingest__DemoDirectory"] = _directory.Path });
        await Eventually.True(() => process.Output.Contains("next attempt in", StringComparison.Ordinal), () => process.Output);

        Assert.Equal(0, await process.TerminateAsync());
    }

    private static SampleProcess Start(FakeIngestServer server, string path) => new(server.Address, new Dictionary<string, string>
    {
        ["Ingest__Paths__0"] = path,
        ["Ingest__ProducerId"] = "killed",
        ["Ingest__Interval"] = "00:00:00.1",
        ["Ingest__RotationWait"] = "00:00:00",
    });
}
