using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Grpc.Errors;

/// <summary>
/// Errors that the framework finds before any interceptor runs: a unary request that cannot be decoded or is too large, a call that does
/// not exist. They leave with a reason like all others.
/// </summary>
internal static class FrameworkErrors
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string DetailsHeader = "grpc-status-details-bin";

    /// <summary>Adds the reason to gRPC errors that have none.</summary>
    public static void UseReasonedFrameworkErrors(this WebApplication app) => app.Use(async (context, next) =>
    {
        await next(context);
        var headers = context.Response.Headers;
        if (context.Response.HasStarted || headers.ContainsKey(DetailsHeader) || !int.TryParse(headers[StatusHeader], CultureInfo.InvariantCulture, out var code))
            return;
        if (Explain((StatusCode)code, context.Request.Path) is not { } error)
            return;
        var status = error.ToStatus();
        headers[StatusHeader] = status.Code.ToString(CultureInfo.InvariantCulture);
        headers[MessageHeader] = Uri.EscapeDataString(status.Message);
        headers[DetailsHeader] = Convert.ToBase64String(status.ToByteArray());
    });

    // The service's own errors have details; without them, Unknown and Internal are what the framework says of bytes that are no message.
    private static MaintenanceException? Explain(StatusCode code, string path) => code switch
    {
        StatusCode.Unknown or StatusCode.Internal => new(ErrorKind.InvalidArgument, ErrorReasons.InvalidArgument, "The request cannot be decoded; nothing was done."),
        StatusCode.ResourceExhausted => new(ErrorKind.ResourceExhausted, ErrorReasons.InvalidArgument, $"The request has over {IngestLimits.MaxMessageBytes} bytes; nothing was done."),
        StatusCode.Unimplemented => MaintenanceException.NotImplemented(path),
        _ => null,
    };
}
