using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Grpc.Errors;

/// <summary>The one place where exceptions become gRPC statuses.</summary>
internal sealed partial class ErrorInterceptor(IHostApplicationLifetime lifetime, CallErrors errors, ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e)
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e)
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (IOException e) when (e is not InvalidProtocolBufferException)
        {
            // Reading the stream is the only input or output here that is not the database's: the caller reset it.
            throw Gone();
        }
        catch (Exception e)
        {
            throw Translate(e, context);
        }
    }

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        switch (e)
        {
            case RpcException { InnerException: InvalidProtocolBufferException } or RpcException { Status.DebugException: InvalidProtocolBufferException }:
            case InvalidProtocolBufferException:
                errors.Count(ErrorKind.InvalidArgument);
                return Malformed().ToRpcException();
            case RpcException { StatusCode: StatusCode.ResourceExhausted }:
                errors.Count(ErrorKind.InvalidArgument);
                return TooLarge().ToRpcException();
            case RpcException { StatusCode: StatusCode.Internal or StatusCode.Unimplemented } framing:
                errors.Count(ErrorKind.InvalidArgument);
                return Malformed(framing.Status.Detail).ToRpcException();
            case RpcException known:
                return known;
            case MaintenanceException known:
                errors.Count(known.Kind);
                return known.ToRpcException();
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return ShuttingDown().ToRpcException();
            // Writing to a caller that has gone is an invalid operation to the framework.
            case OperationCanceledException or IOException or InvalidOperationException when context.CancellationToken.IsCancellationRequested:
                return Gone();
            default:
                // A defect: the caller learns the trace id, the log has the rest.
                LogDefect(logger, e, context.Method);
                errors.Count(ErrorKind.Internal);
                return new MaintenanceException(ErrorKind.Internal, ErrorReasons.Internal, "A defect of this service; its log has the details.").ToRpcException();
        }
    }

    private static RpcException Gone() => new(new Status(StatusCode.Cancelled, "The caller went away."));

    internal static MaintenanceException ShuttingDown() =>
        new(ErrorKind.Unavailable, ErrorReasons.ShuttingDown, "The service is stopping.") { RetryAfter = TimeSpan.FromSeconds(1) };

    private static MaintenanceException Malformed(string why = "strings must be valid UTF-8") =>
        new(ErrorKind.InvalidArgument, ErrorReasons.MalformedBatch, $"The message cannot be decoded ({why}); nothing of it was stored.");

    private static MaintenanceException TooLarge() =>
        new(ErrorKind.ResourceExhausted, ErrorReasons.MalformedBatch, $"The message has over {IngestLimits.MaxMessageBytes} bytes; nothing of it was stored.");

    [LoggerMessage(400, LogLevel.Error, "{Method} failed by a defect")]
    private static partial void LogDefect(ILogger logger, Exception exception, string method);
}
