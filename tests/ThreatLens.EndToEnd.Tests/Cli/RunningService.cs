using ThreatLens.Testing;
using ThreatLens.Testing.Processes;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>The real service as a process on an empty database of its own, nothing migrated yet.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    private RunningService(TemporaryFolder folder, MaintenanceProcess process)
    {
        _folder = folder;
        Process = process;
    }

    public MaintenanceProcess Process { get; }

    public string DatabasePath => _folder.File("threatlens.db");

    public static async Task<RunningService> StartAsync(bool keepsRollups = true, string? scripts = null)
    {
        var folder = new TemporaryFolder();
        var process = await MaintenanceProcess.StartAsync(
            folder.File("threatlens.db"), new Dictionary<string, string?>
            {
                ["Maintenance__MigrateOnStartup"] = "false",
                ["Maintenance__Migrations__Path"] = scripts,
                ["Maintenance__Ingest__Rollups"] = keepsRollups ? "true" : "false",
            });
        var service = new RunningService(folder, process);
        await process.WaitForHealthAsync();
        return service;
    }

    /// <summary>Runs the command line against it.</summary>
    public Task<CliResult> RunAsync(params string[] arguments) => CliProcess.RunAsync(Process.Grpc, arguments);

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Dispose();
    }
}
