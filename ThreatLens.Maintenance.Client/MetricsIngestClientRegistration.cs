using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client;

/// <summary>Registers the generated client of MetricsIngest.</summary>
/// <remarks>Producers of single metrics use <see cref="MetricSenderExtensions.AddMetricSender"/> instead.</remarks>
public static class MetricsIngestClientRegistration
{
    /// <summary>
    /// Adds <see cref="MetricsIngest.MetricsIngestClient"/> with the address <c>http://_grpc.{serviceName}</c>: service discovery finds the
    /// endpoint called <c>grpc</c> of that service (configuration key <c>services:{serviceName}:grpc:0</c>). The channel keeps streams
    /// open: see <see cref="GrpcChannelDefaults"/>.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="serviceName">Name of the service in the AppHost; default <c>maintenance</c>.</param>
    /// <returns>A builder for further settings of this client.</returns>
    public static IHttpClientBuilder AddMetricsIngestClient(this IHostApplicationBuilder builder, string serviceName = "maintenance")
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceName);
        return builder.AddMetricsIngestClient(nameof(MetricsIngest.MetricsIngestClient), new Uri($"http://_grpc.{serviceName}"));
    }

    /// <summary>Adds a client under a name of the gRPC client factory.</summary>
    internal static IHttpClientBuilder AddMetricsIngestClient(this IHostApplicationBuilder builder, string clientName, Uri address)
    {
        builder.Services.AddServiceDiscovery();
        var client = builder.Services
            .AddGrpcClient<MetricsIngest.MetricsIngestClient>(clientName, options => options.Address = address)
            .AddGrpcChannelDefaults();
        // Also by itself: a program without service defaults has no service discovery on its clients.
        client.AddServiceDiscovery();
        return client;
    }
}
