using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ThreatLens.Maintenance.Client;

/// <summary>Says who calls, in the metadata of every call.</summary>
internal static class CallerMetadata
{
    private const string Key = "threatlens-caller";

    /// <summary>The metadata of one call. Header values are printable ASCII: anything else would fail the call, and becomes a '?'.</summary>
    public static Metadata Of(string callerName) => new() { { Key, string.Create(callerName.Length, callerName, Printable) } };

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

    private static void Printable(Span<char> header, string caller)
    {
        for (var i = 0; i < header.Length; i++)
            header[i] = caller[i] is >= ' ' and <= '~' ? caller[i] : '?';
    }
}
