using Microsoft.Extensions.Hosting;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>Runs a sender with a host: before the services that add to it, and until after them, whatever order they were registered in.</summary>
/// <param name="sender">The sender.</param>
internal sealed class MetricSenderHost(MetricSender sender) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        sender.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => sender.StopAsync(cancellationToken);
}
