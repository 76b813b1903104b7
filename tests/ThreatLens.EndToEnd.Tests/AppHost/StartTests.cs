using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Internal;
using ThreatLens.AppHost.Local;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;
namespace ThreatLens.EndToEnd.Tests.AppHost;

public sealed class StartTests
{
    [Fact]
    public async Task Start_brings_everything_up_and_says_where()
    {
        await using var host = await RunningAppHost.StartAsync();
        var up = await host.LineAsync("Everything is up");

        Assert.Contains($"grpc http://localhost:{host.GrpcPort}", up);
        Assert.Contains($"health http://localhost:{host.HttpPort}/health", up);
        using var client = new HttpClient();
        using var health = await client.GetAsync(new Uri($"http://localhost:{host.HttpPort}/health"));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.True(OperatingSystemProcess.IsAlive(await host.ProcessAsync("ingest")));
    }

    [Fact]
    public async Task Start_dependent_waits_until_what_it_needs_is_healthy()
    {
        await using var host = await RunningAppHost.StartAsync();
        await host.LineAsync("Everything is up");

        var lines = host.Lines.ToList();
        var healthy = lines.FindIndex(line => line.Contains("maintenance is healthy", StringComparison.Ordinal));
        var started = lines.FindIndex(line => line.Contains("ingest started", StringComparison.Ordinal));
        Assert.InRange(healthy, 0, started);
    }

    [Fact]
    public async Task Start_dependent_never_starts_while_what_it_needs_is_unhealthy()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("This is not a database. ", 400)));
            await using var host = await RunningAppHost.StartAsync(new Dictionary<string, string> { ["ConnectionStrings__threatlens"] = $"Data Source={file}" });
            await host.LineAsync("maintenance is not healthy: 503");
            host.Signal(Signals.Terminate);

            Assert.Equal(0, await host.EndAsync());
            Assert.DoesNotContain("ingest started", host.Output);
            Assert.Contains("ingest waits for maintenance", host.Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("Ports__Grpc")]
    [InlineData("Ports__Http")]
    public async Task Start_port_in_use_ends_with_code_1_and_names_the_setting(string setting)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        await using var host = await RunningAppHost.StartAsync(new Dictionary<string, string> { [setting] = taken });

        Assert.Equal(1, await host.EndAsync());
        Assert.Contains($"Port {taken} for maintenance's endpoint", host.Output);
        Assert.Contains($"set {setting} to a free port", host.Output);
        Assert.DoesNotContain("started (pid", host.Output);
    }

    [Fact]
    public async Task Start_port_that_is_none_ends_with_code_1_and_names_the_setting()
    {
        await using var host = await RunningAppHost.StartAsync(new Dictionary<string, string> { ["Ports__Http"] = "70000" });

        Assert.Equal(1, await host.EndAsync());
        Assert.Contains("set Ports__Http to 1-65535", host.Output);
    }

    [Fact]
    public async Task Start_without_build_output_says_what_to_do()
    {
        var host = new HostingEnvironment();
        var project = new ProjectResource("lonely", new Unbuilt());
        var process = new ResourceProcess(project, host, new Screen(), TimeProvider.System);

        var refusal = await Assert.ThrowsAsync<CannotStartException>(() => process.StartAsync(CancellationToken.None));

        Assert.Contains("lonely has not been built", refusal.Message);
        Assert.False(process.IsRunning);
    }

    [Fact]
    public async Task Start_survives_the_end_of_its_input()
    {
        await using var host = await RunningAppHost.StartAsync();
        host.EndInput();
        await host.LineAsync("Everything is up");
        host.Signal(Signals.Terminate);

        Assert.Equal(0, await host.EndAsync());
        Assert.Contains("Everything has stopped", host.Output);
    }

    [Fact]
    public async Task Start_works_without_any_input()
    {
        await using var host = await RunningAppHost.StartAsync(null, "sh", "-c", $"exec dotnet '{await AppHostBuild.AssemblyAsync()}' <&-");
        await host.LineAsync("Everything is up");
        host.Signal(Signals.Terminate);

        Assert.Equal(0, await host.EndAsync());
    }

    [Fact]
    public async Task Start_proxy_for_the_web_is_not_asked_for_this_machine()
    {
        using var folder = new TemporaryFolder();
        var database = new SqliteFile(folder.File("threatlens.db"));
        var variables = new Dictionary<string, string> { ["ConnectionStrings__threatlens"] = $"Data Source={database.Path}" };
        foreach (var name in new[] { "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY" })
        {
            // Nobody listens there: whoever asks it, fails.
            variables[name] = "http://127.0.0.1:1";
        }

        (variables["no_proxy"], variables["NO_PROXY"]) = ("", "");
        await using var host = await RunningAppHost.StartAsync(variables);

        await host.LineAsync("Everything is up");
        host.Type("maintenance status");
        await host.LineAsync("maintenance status: done");
        await Eventually.TrueAsync(() => (long)database.Scalar("SELECT count(*) FROM processing_metrics")! > 0, () => $"no metric was stored:\n{host.Output}");
    }

    private sealed class Unbuilt : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(Path.GetTempPath(), "nowhere", "Lonely.csproj");

        public bool SuppressBuild => true;
    }
}
