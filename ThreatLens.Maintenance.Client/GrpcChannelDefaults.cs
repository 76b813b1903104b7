using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ThreatLens.Maintenance.Client;

/// <summary>What every channel to the maintenance service has in common, whether a container or a command line makes it. Thread-safe.</summary>
public static class GrpcChannelDefaults
{
    /// <summary>Largest message taken and sent, bytes: 16 MiB, the bound of the contract.</summary>
    public const int MaxMessageSize = 16 * 1024 * 1024;

    /// <summary>
    /// A handler for long-lived HTTP/2 connections: more than one connection when the streams of the first are used up, a keep-alive
    /// ping after 60 s of silence that has 30 s to be answered, connections kept while idle, 10 s to connect, no proxy. The caller owns it.
    /// </summary>
    /// <returns>A new handler.</returns>
    public static SocketsHttpHandler CreateHandler() => new()
    {
        // HTTP_PROXY is for the web: no proxy carries HTTP/2 without TLS, and gRPC over HTTP/1.1 is none.
        UseProxy = false,
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(60),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        ConnectTimeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>
    /// Sets the message bounds, lets calls try to connect again at least every second, and turns cancellation into <see cref="OperationCanceledException"/>. Leaves the handler alone: set
    /// <see cref="GrpcChannelOptions.HttpHandler"/> to <see cref="CreateHandler"/> where no factory does it. No HttpClient is
    /// involved either way, so its 100 s time-out does not cut streams.
    /// </summary>
    /// <param name="options">The options of a channel about to be made.</param>
    public static void Configure(GrpcChannelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.MaxReceiveMessageSize = MaxMessageSize;
        options.MaxSendMessageSize = MaxMessageSize;
        options.ThrowOperationCanceledOnCancellation = true;

        // The channel's own waits grow to two minutes, in which calls fail without an attempt: whoever calls has a back-off already.
        options.InitialReconnectBackoff = TimeSpan.FromMilliseconds(100);
        options.MaxReconnectBackoff = TimeSpan.FromSeconds(1);
    }

    /// <summary>
    /// Makes a client of the gRPC client factory use <see cref="Configure"/> and <see cref="CreateHandler"/>, and takes off the
    /// resilience handlers that service defaults put on every HttpClient: those cut streams after 30 s and send mutations twice.
    /// </summary>
    /// <param name="builder">What AddGrpcClient returned.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHttpClientBuilder AddGrpcChannelDefaults(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ConfigureChannel(Configure).ConfigurePrimaryHttpMessageHandler(CreateHandler);
#pragma warning disable EXTEXP0001 // Marked experimental since 9.0; there is no other supported way to opt out of the defaults.
        return builder.RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
    }
}
