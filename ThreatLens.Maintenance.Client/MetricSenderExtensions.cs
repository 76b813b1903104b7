using System.ComponentModel.DataAnnotations;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using HealthStatus = Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus;

namespace ThreatLens.Maintenance.Client;

/// <summary>Registers senders of metrics with a host.</summary>
public static class MetricSenderExtensions
{
    /// <summary>
    /// Registers a singleton <see cref="MetricSender"/> that starts before the host's services and stops after them, sending what was added
    /// last within <see cref="MetricSenderSettings.ShutdownTimeout"/>. Adds a health check (<c>metric-sender</c>, at worst Degraded)
    /// and the meter <see cref="MetricSenderMetrics.MeterName"/> to the host's OpenTelemetry, unless the settings disable them.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="name">
    /// Name of the service, for service discovery (<c>services:NAME:grpc:0</c>) and for the section of settings
    /// <c>ThreatLens:Maintenance:MetricSender:NAME</c>, which goes before <c>ThreatLens:Maintenance:MetricSender</c>. Default <c>maintenance</c>.
    /// </param>
    /// <param name="configureSettings">Changes the settings after the configuration was read; null: nothing to change.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">A setting cannot be read, or there is a sender already.</exception>
    /// <remarks>
    /// A setting out of range stops the host at its start with <see cref="OptionsValidationException"/>, a spool that another process uses
    /// with <see cref="Ingestion.Spooling.MetricSpoolException"/>.
    /// </remarks>
    public static void AddMetricSender(
        this IHostApplicationBuilder builder, string name = "maintenance", Action<MetricSenderSettings>? configureSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(MetricSender) && !service.IsKeyedService))
            throw new InvalidOperationException("There is a MetricSender already. Further ones are added with AddKeyedMetricSender, each with a ProducerId of its own.");
        Add(builder, name, "metric-sender", configureSettings);
        builder.Services.AddSingleton(services => services.GetRequiredKeyedService<MetricSender>(name));
    }

    /// <summary>
    /// As <see cref="AddMetricSender"/>, with the name as the key of the singleton: for a second sender in a process. It needs its own
    /// <see cref="MetricSenderSettings.ProducerId"/>, and <see cref="MetricSenderSettings.ServiceName"/> where its name is not the service's.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="name">Key of the sender, name of its section of settings and, unless those say otherwise, of the service.</param>
    /// <param name="configureSettings">Changes the settings after the configuration was read; null: nothing to change.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">A setting cannot be read, or the name is taken.</exception>
    public static void AddKeyedMetricSender(
        this IHostApplicationBuilder builder, string name, Action<MetricSenderSettings>? configureSettings = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Add(builder, name, $"metric-sender-{name}", configureSettings);
    }

    private static void Add(IHostApplicationBuilder builder, string name, string checkName, Action<MetricSenderSettings>? configureSettings)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (builder.Services.Any(service => service.ServiceType == typeof(MetricSender) && service.IsKeyedService && name.Equals(service.ServiceKey)))
            throw new InvalidOperationException($"There is a MetricSender named '{name}' already.");
        var settings = Read(builder, name, configureSettings);
        var clientName = $"{nameof(MetricSender)}:{name}";
        builder.AddMetricsIngestClient(clientName, settings.Address ?? new Uri($"http://_grpc.{settings.ServiceName ?? name}"));
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddKeyedSingleton(name, (services, _) => Create(services, name, clientName, settings));
        builder.Services.AddSingleton<IHostedService>(services => new MetricSenderHost(services.GetRequiredKeyedService<MetricSender>(name)));
        if (!settings.DisableHealthChecks)
            AddHealthCheck(builder.Services, name, checkName);
        if (!settings.DisableMetrics)
            builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(MetricSenderMetrics.MeterName));
    }

    /// <summary>At once, as what is registered depends on them.</summary>
    private static MetricSenderSettings Read(IHostApplicationBuilder builder, string name, Action<MetricSenderSettings>? configureSettings)
    {
        var settings = new MetricSenderSettings();
        var section = builder.Configuration.GetSection(MetricSenderSettings.SectionName);
        section.Bind(settings);
        section.GetSection(name).Bind(settings);
        configureSettings?.Invoke(settings);
        settings.ProducerId ??= $"{builder.Environment.ApplicationName}@{Environment.MachineName}";
        return settings;
    }

    private static MetricSender Create(IServiceProvider services, string name, string clientName, MetricSenderSettings settings)
    {
        try
        {
            // Before the channel, which has words of its own about addresses.
            settings.Validate();
        }
        catch (ValidationException e)
        {
            var problem = $"{MetricSenderSettings.SectionName} (sender '{name}'): {e.Message}";
            throw new OptionsValidationException(name, typeof(MetricSenderSettings), [problem]);
        }
        return new MetricSender(
            services.GetRequiredService<GrpcClientFactory>().CreateClient<MetricsIngest.MetricsIngestClient>(clientName),
            settings,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<MetricSender>>());
    }

    private static void AddHealthCheck(IServiceCollection services, string name, string checkName) =>
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            checkName,
            provider => new MetricSenderHealthCheck(provider.GetRequiredKeyedService<MetricSender>(name)),
            HealthStatus.Degraded,
            tags: null));
}
