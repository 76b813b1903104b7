using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Health;

namespace ThreatLens.Maintenance.Grpc.HealthChecks;

/// <summary>
/// Makes a health report before the service listens. The first one of a process is compiled while it is made, which takes longer than a subscriber should
/// wait for his first message.
/// </summary>
internal sealed class FirstReport(HealthWatches health, TimeProvider time) : IHostedService
{
    /// <summary>What the start may take longer for it: a file system that hangs must not keep the service from saying so.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is, the report that somebody asks for meets it again and says so.")]
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(_ => limit.Cancel(), null, Patience, Timeout.InfiniteTimeSpan);
        try
        {
            await foreach (var message in health.WatchAsync(new HealthWatch(TimeSpan.FromHours(1), [], OnChangeOnly: false), limit.Token))
            {
                _ = message.ToContract(1).ToByteArray();
                if (!message.IsPreliminary)
                    return;
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
