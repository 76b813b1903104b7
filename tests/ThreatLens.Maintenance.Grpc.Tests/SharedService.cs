using ThreatLens.Maintenance.Grpc.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedService))]

namespace ThreatLens.Maintenance.Grpc.Tests;

/// <summary>
/// One service for all tests that neither restart it nor change its schema: up to date, in Development. They run at the same time, so
/// each uses names of its own, and none is refused because the others' batches fill the queue.
/// </summary>
public sealed class SharedService : IAsyncLifetime
{
    public RunningService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await RunningService.StartAsync(environment: "Maintenance__Ingest__MaxQueueWait=00:10:00");

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
