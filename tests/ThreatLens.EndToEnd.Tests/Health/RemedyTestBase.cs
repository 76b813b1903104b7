using System.Reflection;
using System.Runtime.CompilerServices;
using Grpc.Net.Client;
using ThreatLens.EndToEnd.Tests.Cli;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>Follows findings to their end: the commands that the real command line prints, given to it as they stand, against the real service.</summary>
public abstract class RemedyTestBase : IDisposable
{
    private readonly List<string> _followed = [];

    private protected TemporaryFolder Folder { get; } = new();

    private protected SqliteFile File => field ??= new SqliteFile(Folder.File("threatlens.db"));

    private protected Dictionary<string, string?> Settings { get; } = new()
    {
        ["Maintenance__MigrateOnStartup"] = "false",
        // However full the disk of the machine is that runs the test.
        ["Maintenance__Health__FreeDiskWarning"] = "0",
        ["Maintenance__Health__FreeDiskCritical"] = "0",
        ["Maintenance__Health__MaxCountAge"] = "00:00:01",
        ["Maintenance__Statistics__SampleInterval"] = "00:00:01",
        ["Maintenance__Statistics__MaxLoad"] = "0.5",
        // The output tells which calls came.
        ["Logging__LogLevel__Microsoft.AspNetCore.Hosting.Diagnostics"] = "Information",
    };

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<MaintenanceProcess> StartAsync() => MaintenanceProcess.StartAsync(File.Path, Settings);

    /// <summary>Waits until there are these findings, gives the commands printed with them, and waits until they are gone.</summary>
    /// <param name="service">The service.</param>
    /// <param name="ids">The findings.</param>
    /// <param name="afterwards">What has to be done besides, behind the commands.</param>
    private protected async Task FollowAsync(MaintenanceProcess service, string[] ids, Action? afterwards = null)
    {
        IReadOnlyList<HealthFinding> seen = [];
        string Seen() => string.Join(", ", seen.Select(f => f.Id));
        var findings = await Eventually.AsyncUntil(async () => seen = await FindingsAsync(service), found => ids.All(id => found.Any(f => f.Id == id)), $"findings {string.Join(", ", ids)}", Seen);
        var printed = await PrintedAsync(service);
        foreach (var followed in findings.Where(f => ids.Contains(f.Id)).GroupBy(f => f.Command))
        {
            Assert.Contains(followed.Key, printed);
            await GiveAsync(service, followed.Key, Assert.Single(followed.Select(f => f.Rpc).Distinct()));
        }

        afterwards?.Invoke();
        await Eventually.AsyncUntil(async () => seen = await FindingsAsync(service), found => !found.Any(f => ids.Contains(f.Id)), $"no more of {string.Join(", ", ids)}", Seen);
        _followed.AddRange(ids);
    }

    /// <summary>All that the test's <see cref="ClearsAttribute"/> names was followed.</summary>
    private protected void AssertFollowed([CallerMemberName] string test = "") =>
        Assert.Equal(GetType().GetMethod(test)!.GetCustomAttribute<ClearsAttribute>()!.Findings.Order(), _followed.Distinct().Order());

    private protected static async Task<IReadOnlyList<HealthFinding>> FindingsAsync(MaintenanceProcess service)
    {
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        using var call = new DatabaseMaintenance.DatabaseMaintenanceClient(channel).HealthReport(new HealthReportRequest());
        return [.. (await call.NextReportAsync()).Sections.SelectMany(s => s.Findings)];
    }

    private protected static async Task RunAsync(MaintenanceProcess service, int code, params string[] arguments)
    {
        var result = await CliProcess.RunAsync(service.Grpc, arguments);
        Assert.True(result.Code == code, $"{string.Join(' ', arguments)}: {result.Code}\n{result.Output}\n{result.Error}");
    }

    private static async Task GiveAsync(MaintenanceProcess service, string command, string rpc)
    {
        var call = $"/threatlens.maintenance.v1.DatabaseMaintenance/{rpc} ";
        var before = service.Process.Output.Count;
        var words = ShellWords.Split(command);
        Assert.Equal("threatlens", words[0]);
        await RunAsync(service, 0, [.. words.Skip(1)]);
        await Eventually.TrueAsync(() => service.Process.Output.Skip(before).Any(line => line.Contains("Request starting", StringComparison.Ordinal) && line.Contains(call, StringComparison.Ordinal)), () => $"'{command}' does not call {rpc}");
    }

    private static async Task<IReadOnlyList<string>> PrintedAsync(MaintenanceProcess service)
    {
        var report = await CliProcess.RunAsync(service.Grpc, "health-report");
        Assert.Equal(3, report.Code);
        return [.. report.Lines.Select(line => line.Trim()).Where(line => line.StartsWith("command ", StringComparison.Ordinal)).Select(line => line["command ".Length..].Trim())];
    }
}
