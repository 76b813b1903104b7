using System.Net;
using Grpc.Core;
using Grpc.Core.Interceptors;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Grpc.Access;

/// <summary>Until callers can be authenticated, only those on the same machine are served.</summary>
internal sealed class LoopbackOnlyInterceptor : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Require(context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Require(context);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Require(context);
        return continuation(requestStream, responseStream, context);
    }

    private static void Require(ServerCallContext context)
    {
        var address = context.GetHttpContext().Connection.RemoteIpAddress;
        // Null is a Unix socket or an in-memory transport: same machine.
        if (address is not null && !IPAddress.IsLoopback(address))
        {
            throw new MaintenanceException(
                ErrorKind.PermissionDenied, ErrorReasons.LoopbackOnly, $"Calls from {address} are refused: this version serves callers on the same machine only.");
        }
    }
}
