using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Connections;
using ThreatLens.Testing.Maintenance;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>Wrong command lines, and services that cannot be reached.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("Required command")]
    [InlineData("nonsense", "nonsense")]
    [InlineData("--nonsense", "status", "--nonsense")]
    [InlineData("--address takes", "status", "--address", "localhost:5301")]
    [InlineData("--address takes", "status", "--address", "ftp://localhost")]
    [InlineData("xml", "status", "--output", "xml")]
    [InlineData("--caller takes", "status", "--caller", "ü")]
    [InlineData("exclude each other", "rollback", "--version", "003", "--steps", "1")]
    [InlineData("--steps takes", "rollback", "--steps", "0")]
    [InlineData("--max-values-lost takes", "rollback", "--max-values-lost", "-1")]
    [InlineData("--rehearse goes with --plan", "migrate", "--rehearse")]
    [InlineData("--rehearse goes with --plan", "rollback", "--rehearse", "--to", "001")]
    [InlineData("is none of", "migrate", "--order", "random")]
    [InlineData("out of range", "migrate", "--wait-timeout", "25h")]
    [InlineData("no length of time", "migrate", "--wait-timeout", "-1s")]
    [InlineData("out of range", "health-report", "--interval", "100ms")]
    [InlineData("is none of", "health-report", "--sections", "schema,weather")]
    [InlineData("is none of", "operations", "--kind", "99")]
    [InlineData("is none of", "operations", "--state", "unspecified")]
    [InlineData("--limit takes", "operations", "--limit", "0")]
    [InlineData("Required argument", "operations", "get")]
    [InlineData("is none of", "processing-metrics", "--resolution", "day")]
    [InlineData("--from: 'yesterday' is no time", "processing-metrics", "--from", "yesterday")]
    [InlineData("--to: '2026-13-01' is no time", "realtime-stats", "--from", "2026-09-01", "--to", "2026-13-01")]
    [InlineData("--from: '' is no time", "notification-metrics", "--from", "")]
    [InlineData("--last: 'long' is no length of time", "notification-metrics", "--last", "long")]
    [InlineData("--since: '2026-09-01' is no length of time", "notification-metrics", "--since", "2026-09-01")]
    [InlineData("before --from", "realtime-stats", "--from", "2026-09-02", "--to", "2026-09-01")]
    [InlineData("out of range", "processing-metrics", "--last", "0s")]
    [InlineData("exclude each other", "processing-metrics", "--last", "1h", "--to", "2026-09-01")]
    [InlineData("before --from", "processing-metrics", "--from", "2026-09-02", "--to", "2026-09-01T23:59")]
    [InlineData("--limit takes", "processing-metrics", "--limit", "100001")]
    [InlineData("--limit takes", "processing-metrics", "--limit", "many")]
    [InlineData("--limit takes", "operations", "--limit", "many")]
    [InlineData("--step: '1s' is out of range", "realtime-stats", "--step", "1s")]
    [InlineData("exclude each other", "notification-metrics", "--last", "1h", "--from", "2026-09-01")]
    [InlineData("--status: 'sleepy' is none of", "log-sources", "--status", "sleepy")]
    public async Task Wrong_command_line_is_exit_code_2_and_says_what_is_wrong(string message, params string[] arguments)
    {
        var result = await CliProcess.RunAsync(address: null, arguments);

        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Contains("--help", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("--keep takes", "backup", "--keep")]
    [InlineData("--max-rows-lost takes", "restore", "some-backup", "--max-rows-lost")]
    [InlineData("--steps takes", "rollback", "--steps")]
    [InlineData("--max-values-lost takes", "rollback", "--max-values-lost")]
    [InlineData("is no size", "cleanup", "--max-size")]
    [InlineData("--max-age takes", "cleanup", "--max-age")]
    [InlineData("--max-rows takes", "cleanup", "--max-rows")]
    [InlineData("--limit takes", "operations", "--limit")]
    [InlineData("--limit takes", "processing-metrics", "--limit")]
    [InlineData("no length of time", "processing-metrics", "--last")]
    [InlineData("no length of time", "health-report", "--interval")]
    [InlineData("no length of time", "monitoring-config", "set", "--interval")]
    [InlineData("no length of time", "optimize", "--wait-timeout")]
    [InlineData("no length of time", "status", "--timeout")]
    public async Task Number_that_is_none_is_exit_code_2_and_says_what_the_option_takes(string message, params string[] arguments)
    {
        foreach (var value in (string[])["abc", "99999999999999999999999", "-1"])
        {
            var result = await CliProcess.RunAsync(address: null, [.. arguments, value]);

            Assert.Equal(2, result.Code);
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
            Assert.Empty(result.Output);
        }
    }

    [Fact]
    public async Task Wrong_address_in_the_environment_is_exit_code_2_and_names_the_variable()
    {
        var result = await CliProcess.RunAsync(new Uri("ftp://localhost"), "status");

        Assert.Equal(2, result.Code);
        Assert.Contains("THREATLENS_ADDRESS", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_says_what_exit_codes_mean_and_lists_the_verbs()
    {
        var result = await CliProcess.RunAsync(address: null, "--help");

        Assert.Equal(0, result.Code);
        Assert.Contains("Exit codes", result.Output, StringComparison.Ordinal);
        foreach (var verb in new[]
        {
            "status", "migrate", "rollback", "validate", "repair", "optimize", "size-info", "index-advice", "health-report", "processing-metrics", "operations",
            "realtime-stats", "notification-metrics", "log-sources", "restore-drill", "schedules", "schedule",
        })
            Assert.Contains($"  {verb} ", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("migrate")]
    [InlineData("health-report", "--watch")]
    [InlineData("operations", "watch", "0123456789abcdef0123456789abcdef")]
    public async Task Nobody_listening_is_exit_code_4_and_names_the_address(params string[] arguments)
    {
        using var port = new ReservedPort();
        var address = port.Address;

        var result = await CliProcess.RunAsync(address: null, [.. arguments, "--address", address.ToString()]);

        Assert.Equal(4, result.Code);
        Assert.Contains($"at {address} does not answer", result.Error, StringComparison.Ordinal);
        Assert.Contains("Connection refused", result.Error, StringComparison.Ordinal);
        Assert.Contains("--address", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Something_else_listening_is_exit_code_4()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.HttpStatus = 404;

        var result = await CliProcess.RunAsync(service.Address, "status");

        Assert.Equal(4, result.Code);
        Assert.Contains("404", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("health-report")]
    public async Task Service_that_hangs_is_exit_code_4(string verb)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

        var result = await CliProcess.RunAsync(address, verb, "--timeout", "500ms");

        Assert.Equal(4, result.Code);
        Assert.Contains("not answered within 500 ms", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData(StatusCode.PermissionDenied, 4)]
    [InlineData(StatusCode.Unavailable, 4)]
    [InlineData(StatusCode.InvalidArgument, 2)]
    [InlineData(StatusCode.Aborted, 1)]
    [InlineData(StatusCode.FailedPrecondition, 1)]
    [InlineData(StatusCode.Internal, 1)]
    public async Task Refusal_of_the_service_has_its_exit_code_and_says_the_reason(StatusCode refusal, int code)
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnMigrate = _ => throw Refusals.Of(refusal, "SOME_REASON", "what is wrong and what to change");

        var result = await CliProcess.RunAsync(service.Address, "migrate");

        Assert.Equal(code, result.Code);
        Assert.Contains("error: what is wrong and what to change", result.Error, StringComparison.Ordinal);
        Assert.Contains("SOME_REASON", result.Error, StringComparison.Ordinal);
        Assert.Contains(Refusals.OperationId, result.Error, StringComparison.Ordinal);
        Assert.Contains("in 3 s", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Text_of_the_service_cannot_steer_the_terminal()
    {
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnStatus = () => new StatusResponse { CurrentVersion = "\u001b[2Jgone", DatabaseName = "[red]not markup[/]" };

        var result = await CliProcess.RunAsync(service.Address, "status");

        Assert.DoesNotContain('\u001b', result.Output);
        Assert.Contains("[2Jgone", result.Output, StringComparison.Ordinal);
        Assert.Contains("[red]not markup[/]", result.Output, StringComparison.Ordinal);
    }
}
