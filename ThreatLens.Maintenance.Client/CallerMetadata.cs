using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ThreatLens.Maintenance.Client;

/// <summary>Says who calls, in the metadata of every call.</summary>
internal static class CallerMetadata
{
    private const string Key = "threatlens-caller";

    /// <summary>An invoker that adds the caller's name to calls that do not bring one.</summary>
    public static CallInvoker Identify(this CallInvoker invoker, string callerName) => invoker.Intercept(headers =>
    {
        if (headers.Get(Key) is not null)
            return headers;

        // A copy: the caller may use its headers for the next call too.
        var identified = new Metadata { { Key, callerName } };
        foreach (var header in headers)
            identified.Add(header);
        return identified;
    });
}
