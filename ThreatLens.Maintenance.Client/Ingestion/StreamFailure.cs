using Google.Rpc;
using Grpc.Core;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>What the end of a stream means.</summary>
internal static class StreamFailure
{
    private const string ProducerReplaced = "PRODUCER_REPLACED";

    /// <summary>True when another stream with the same producer id took over.</summary>
    public static bool IsReplaced(RpcException? failure) =>
        failure?.StatusCode == StatusCode.Aborted && failure.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason == ProducerReplaced;
}
