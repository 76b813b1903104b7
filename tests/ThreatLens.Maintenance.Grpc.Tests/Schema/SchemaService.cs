using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>A service whose schema its tests take up and down, one after the other.</summary>
public sealed class SchemaService : IAsyncLifetime
{
    public RunningService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await RunningService.StartAsync(environment: ["Maintenance__MigrateOnStartup=false", RunningService.Quiet]);

    /// <summary>Brings the schema to this version, wherever a test left it; null: nothing applied.</summary>
    public async Task BringToAsync(string? version)
    {
        await Service.Maintenance.MigrateAsync(new MigrateRequest());
        if (version is null)
            await Service.Maintenance.RollbackAsync(new RollbackRequest { Steps = Versions.All.Length, MaxValuesLost = long.MaxValue });
        else
            await Service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = version, MaxValuesLost = long.MaxValue });
        Assert.Equal(version ?? "", await Service.CurrentVersionAsync());
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
