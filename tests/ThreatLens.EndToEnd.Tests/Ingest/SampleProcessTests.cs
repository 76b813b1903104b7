using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class SampleProcessTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(FaultSeeds.All), MemberType = typeof(FaultSeeds))]
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
        await using var writer = new RotatingWriter(path);

        for (var kill = 0; kill < 3; kill++)
        {
            await using var process = SampleProcess.Start(server, path);
            var before = server.Store.Total("app.log");
            await Eventually.True(() => server.Store.Total("app.log") > before, process.Text);
            // Until something is stored a rotated file means nothing to the sample.
            writer.RotateFromNowOn();
            await Task.Delay(random.Next(500));
            await process.KillAsync();
        }
        var written = await writer.StopAsync();
        // A goodbye needs a connection: one that was cut just before the stop would leave the source active.
        server.NextFault = _ => Fault.None;
        await using var last = SampleProcess.Start(server, path);

        await Eventually.Equal(written, () => server.Store.Total("app.log"), last.Text);
        Assert.Equal(0, await last.StopAsync());
        Assert.Equal(written, server.Store.Total("app.log"));
        Assert.Equal(0, server.Store.Total("app.log", "parse_errors"));
        Assert.Equal(LogSourceStatus.Inactive, server.Store.Report(path)!.Status);
    }

    [Fact]
    public async Task Process_without_paths_writes_demo_logs_and_measures_them()
    {
        await using var server = await FakeIngestServer.StartAsync();
        await using var process = SampleProcess.Start(server.Address, new Dictionary<string, string?>
        {
            ["Ingest__DemoDirectory"] = _directory.Path,
            ["Ingest__Demo__MaxFileBytes"] = "20000",
            ["Ingest__Demo__ApplicationLinesPerSecond"] = "1000",
            ["Ingest__Demo__MalformedShare"] = "0.1",
            ["Ingest__Interval"] = "00:00:00.2",
            ["Ingest__RotationWait"] = "00:00:00",
        });

        foreach (var source in new[] { "sshd.log", "access.log", "application.log" })
            await Eventually.True(() => server.Store.Total(source) > 20, () => process.Text(), source);
        await Eventually.True(() => File.Exists(_directory.File("application.log.1")));
        Assert.InRange(server.Store.Total("application.log", "parse_errors"), 1, server.Store.Total("application.log") / 2);
        Assert.Equal(0, await process.StopAsync());
    }

    [Theory]
    [InlineData("Ingest__Interval", "00:00:00.001")]
    [InlineData("Ingest__ProducerId", "")]
    [InlineData("Ingest__Demo__MalformedShare", "2")]
    public async Task Process_setting_out_of_range_refuses_to_start_naming_it(string name, string value)
    {
        await using var process = SampleProcess.Start("http://127.0.0.1:1", new Dictionary<string, string?>
        {
            ["Ingest__DemoDirectory"] = _directory.Path,
            [name] = value,
        });

        Assert.NotEqual(0, await process.WaitForExitAsync());
        Assert.Contains(name.Split("__")[^1], process.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_service_is_away_stops_in_order_all_the_same()
    {
        await using var process = SampleProcess.Start("http://127.0.0.1:1", new Dictionary<string, string?> { ["Ingest__DemoDirectory"] = _directory.Path });
        await Eventually.True(() => process.Text().Contains("next attempt in", StringComparison.Ordinal), () => process.Text());

        Assert.Equal(0, await process.StopAsync());
    }
}
