using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>The service, started from a folder that is not its own.</summary>
public sealed class ElsewhereTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Service_started_from_another_folder_has_its_settings_and_finds_relative_paths_there()
    {
        // Without the settings beside the program its gRPC endpoint speaks HTTP/1.1.
        await using var service = await StartAsync("SELECT 1;");
        using var channel = GrpcChannel.ForAddress(service.Grpc);

        var status = await new DatabaseMaintenance.DatabaseMaintenanceClient(channel).StatusAsync(new StatusRequest());

        Assert.Contains(status.Migrations, m => m.Version.StartsWith("1000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Operation_that_fails_for_a_reason_is_logged_with_it_and_without_a_stack()
    {
        await using var service = await StartAsync("SELECT * FROM nowhere;");
        using var channel = GrpcChannel.ForAddress(service.Grpc);

        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.MigrationFailed, async () => await new DatabaseMaintenance.DatabaseMaintenanceClient(channel).MigrateAsync(new MigrateRequest()));

        await Eventually.True(() => service.Process.Output.Any(line => line.Contains("failed (MIGRATION_FAILED):", StringComparison.Ordinal) && line.Contains("nowhere", StringComparison.Ordinal)));
        Assert.DoesNotContain(service.Process.Output, line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal));
    }

    /// <summary>With one migration more, in a folder beside the one it is started from.</summary>
    private Task<MaintenanceProcess> StartAsync(string script)
    {
        Directory.CreateDirectory(_folder.File("scripts"));
        File.WriteAllText(_folder.File("scripts/1000_more.up.sql"), script);
        File.WriteAllText(_folder.File("scripts/1000_more.down.sql"), "");
        return MaintenanceProcess.StartAsync(
            _folder.File("threatlens.db"), new Dictionary<string, string?> { ["Maintenance__Migrations__Path"] = "scripts", ["Maintenance__MigrateOnStartup"] = "false" }, workingDirectory: _folder.Path);
    }
}
