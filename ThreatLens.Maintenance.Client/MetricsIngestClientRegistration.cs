using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client;

/// <summary>Registers the generated client of MetricsIngest.</summary>
public static class MetricsIngestClientRegistration
{
    /// <summary>
    /// Adds <see cref="MetricsIngest.MetricsIngestClient"/> with the address <c>http://_grpc.{serviceName}</c>: service discovery, which
    /// the service defaults add, finds the endpoint called <c>grpc</c> of that service (configuration key
    /// <c>services:{serviceName}:grpc:0</c>). The channel keeps streams open: see <see cref="GrpcChannelDefaults"/>.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="serviceName">Name of the service in the AppHost; default <c>maintenance</c>.</param>
    /// <returns>A builder for further settings of this client.</returns>
    public static IHttpClientBuilder AddMetricsIngestClient(this IHostApplicationBuilder builder, string serviceName = "maintenance")
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceName);
        return builder.Services
            .AddGrpcClient<MetricsIngest.MetricsIngestClient>(options => options.Address = new Uri($"http://_grpc.{serviceName}"))
            .AddGrpcChannelDefaults();
    }
}
