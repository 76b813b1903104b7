using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client.Configuration;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client;

/// <summary>
/// The gRPC retry policy: only what reads, is unary and found the service unavailable is sent again. A mutation sent twice would be
/// two operations, a stream sent twice a stream with a hole.
/// </summary>
internal static class ReadRetries
{
    /// <summary>The policy for a channel.</summary>
    /// <param name="retries">0 to 4; gRPC allows 5 attempts in all.</param>
    /// <returns>Null for no retries.</returns>
    public static ServiceConfig? Policy(int retries)
    {
        if (retries == 0)
            return null;

        var method = new MethodConfig
        {
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = retries + 1,
                InitialBackoff = TimeSpan.FromSeconds(0.2),
                MaxBackoff = TimeSpan.FromSeconds(2),
                BackoffMultiplier = 2,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        foreach (var read in DatabaseMaintenance.Descriptor.Methods.Where(OnlyReads))
            method.Names.Add(new MethodName { Service = read.Service.FullName, Method = read.Name });

        return new ServiceConfig { MethodConfigs = { method } };
    }

    private static bool OnlyReads(MethodDescriptor method) =>
        !method.IsClientStreaming
        && !method.IsServerStreaming
        && (method.Name is "Status" or "Validate"
            || method.Name.StartsWith("Get", StringComparison.Ordinal)
            || method.Name.StartsWith("List", StringComparison.Ordinal));
}
