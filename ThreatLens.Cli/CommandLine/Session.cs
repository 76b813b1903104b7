using Grpc.Core;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.CommandLine;

/// <summary>What a command works with.</summary>
internal sealed record Session(DatabaseMaintenance.DatabaseMaintenanceClient Client, Screen Screen)
{
    /// <summary>Longest time a call that does not wait for anything may take.</summary>
    private static readonly TimeSpan _answerTime = TimeSpan.FromSeconds(30);

    public TimeProvider Time => TimeProvider.System;

    /// <summary>For calls that answer at once: a service that hangs is as good as unreachable.</summary>
    public CallOptions Soon(CancellationToken cancellationToken) =>
        new(deadline: Time.GetUtcNow().UtcDateTime + _answerTime, cancellationToken: cancellationToken);
}
