using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>Errors as the service sends them.</summary>
internal static class Refusals
{
    public const string OperationId = "0123456789abcdef0123456789abcdef";

    public static RpcException Of(StatusCode code, string reason, string message) => new Google.Rpc.Status
    {
        Code = (int)code,
        Message = message,
        Details =
        {
            Any.Pack(new ErrorInfo
            {
                Domain = "threatlens.maintenance",
                Reason = reason,
                Metadata = { ["operationId"] = OperationId },
            }),
            Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }),
        },
    }.ToRpcException();
}
