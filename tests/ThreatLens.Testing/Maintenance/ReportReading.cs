using Grpc.Core;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Testing.Maintenance;

/// <summary>Reads a stream of health reports.</summary>
public static class ReportReading
{
    /// <summary>The next report. Heartbeats, such as the one before a first report that takes a while on a busy machine, say nothing and are passed over.</summary>
    /// <param name="call">The stream; whoever opened it disposes it.</param>
    /// <exception cref="InvalidOperationException">The stream has ended.</exception>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    public static async Task<HealthReportResponse> NextReportAsync(this AsyncServerStreamingCall<HealthReportResponse> call)
    {
        do
        {
            if (!await Eventually.WithinLimitAsync(call.ResponseStream.MoveNext(CancellationToken.None), "a report"))
                throw new InvalidOperationException("The stream of reports has ended.");
        }
        while (call.ResponseStream.Current.Heartbeat);
        return call.ResponseStream.Current;
    }
}
