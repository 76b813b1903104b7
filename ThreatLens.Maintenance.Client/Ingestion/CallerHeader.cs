using Grpc.Core;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>Says to the service who calls.</summary>
internal static class CallerHeader
{
    private const string Name = "threatlens-caller";

    public static Metadata For(MetricSenderOptions options)
    {
        var caller = options.Caller ?? options.ProducerId;
        // Header values are printable ASCII; anything else would fail the call.
        return new Metadata { { Name, string.Create(caller.Length, caller, Printable) } };
    }

    private static void Printable(Span<char> header, string caller)
    {
        for (var i = 0; i < header.Length; i++)
            header[i] = caller[i] is >= ' ' and <= '~' ? caller[i] : '?';
    }
}
