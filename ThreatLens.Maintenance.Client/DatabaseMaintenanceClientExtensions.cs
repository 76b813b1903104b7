using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client;

/// <summary>Registers the client of the maintenance service with a host.</summary>
public static class DatabaseMaintenanceClientExtensions
{
    /// <summary>
    /// Registers <see cref="DatabaseMaintenance.DatabaseMaintenanceClient"/>, to be injected wherever it is needed (transient, cheap,
    /// thread-safe; the channel behind it is shared). It has the settings of <see cref="GrpcChannelDefaults"/>, repeats only calls that
    /// read, says who calls, and is kept out of the resilience handler of the service defaults.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="serviceName">
    /// The service's name for service discovery, default <c>maintenance</c>: its endpoint <c>grpc</c> is called, configured as
    /// <c>services:NAME:grpc:0</c>. Of no effect when <see cref="DatabaseMaintenanceClientSettings.Address"/> is set.
    /// </param>
    /// <param name="configure">Changes the settings after the configuration was read; null: nothing to change.</param>
    /// <returns>The client's builder, for further handlers.</returns>
    /// <exception cref="ArgumentException">The service name is empty.</exception>
    /// <remarks>Settings that are out of range stop the host at its start with <see cref="OptionsValidationException"/>.</remarks>
    public static IHttpClientBuilder AddDatabaseMaintenanceClient(
        this IHostApplicationBuilder builder,
        string serviceName = "maintenance",
        Action<DatabaseMaintenanceClientSettings>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceName);

        builder.Services.AddOptions<DatabaseMaintenanceClientSettings>()
            .BindConfiguration(DatabaseMaintenanceClientSettings.SectionName)
            .Configure(settings => configure?.Invoke(settings))
            .ValidateDataAnnotations()
            .Validate(settings => IsHttp(settings.Address), "Address must be an absolute http or https address.")
            .ValidateOnStart();
        builder.Services.AddServiceDiscovery();

        var client = builder.Services
            .AddGrpcClient<DatabaseMaintenance.DatabaseMaintenanceClient>((services, options) =>
                options.Address = Settings(services).Address ?? new Uri($"http://_grpc.{serviceName}"))
            .AddGrpcChannelDefaults()
            .ConfigureChannel((services, options) => options.ServiceConfig = ReadRetries.Policy(Settings(services).Retries))
            .ConfigureGrpcClientCreator((services, invoker) => new DatabaseMaintenance.DatabaseMaintenanceClient(
                invoker.Identify(Settings(services).CallerName ?? builder.Environment.ApplicationName)));
        client.ConfigurePrimaryHttpMessageHandler((handler, services) =>
            Settings(services).ApplyTo((SocketsHttpHandler)handler));

        // Also by itself: a program without service defaults has no service discovery on its clients. An address that was resolved
        // already passes through.
        client.AddServiceDiscovery();
        return client;
    }

    internal static bool IsHttp(Uri? address) =>
        address is null || (address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps));

    private static DatabaseMaintenanceClientSettings Settings(IServiceProvider services) =>
        services.GetRequiredService<IOptions<DatabaseMaintenanceClientSettings>>().Value;
}
