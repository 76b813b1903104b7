using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// Healthy while metrics get through. At worst what the registration says, Degraded by default: that metrics wait is no reason to
/// restart their producer.
/// </summary>
/// <param name="sender">The sender.</param>
internal sealed class MetricSenderHealthCheck(MetricSender sender) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var state = sender.State;
        var problem = Problem(state);
        return Task.FromResult(new HealthCheckResult(
            problem is null ? HealthStatus.Healthy : context.Registration.FailureStatus,
            problem ?? "Metrics are sent and stored.",
            data: new Dictionary<string, object>
            {
                ["unacknowledged"] = state.Unacknowledged,
                ["dropped"] = state.Dropped,
                ["rejected"] = state.Rejected,
                ["spoolBytes"] = state.SpoolBytes,
            }));
    }

    private static string? Problem(MetricSenderState state) => state switch
    {
        { SpoolFailure: { } failure } => $"The spool cannot be written: {failure}",
        { Connection: MetricSenderConnection.Connected } => null,
        { Connection: MetricSenderConnection.Connecting, LastError: null } => null,
        _ => string.Create(
            CultureInfo.InvariantCulture,
            $"No connection to the maintenance service ({state.LastError ?? "not started"}); {state.Unacknowledged} metrics wait."),
    };
}
