using Microsoft.Extensions.Hosting;

namespace ThreatLens.AppHost.Local;

/// <summary>A resource's environment variables: the host's own, less what belongs to the host alone, plus what Aspire would add.</summary>
internal static class ResourceVariables
{
    // Aspire's orchestrator does not pass these on either: they describe the AppHost.
    private static readonly string[] NotInherited =
        ["ASPNETCORE_URLS", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE"];

    /// <summary>Changes <paramref name="variables"/>, which start as the host's own.</summary>
    public static async Task FillAsync(
        IDictionary<string, string?> variables, ProjectResource resource, IHostEnvironment host, CancellationToken cancellationToken)
    {
        foreach (var name in NotInherited)
        {
            variables.Remove(name);
        }

        // The process ends with us even when nobody could tell it to: its standard input ends when ours does (StopWithParent in
        // ThreatLens.ServiceDefaults). With Aspire its orchestrator, DCP, watches the AppHost instead.
        variables["THREATLENS_STOP_WITH_PARENT"] = "stdin";

        // OTEL_EXPORTER_OTLP_* reach the process as the host got them: without a dashboard there is no endpoint of our own to name.
        var instance = $"service.instance.id={Guid.NewGuid():N}";
        variables["OTEL_SERVICE_NAME"] = resource.Name;
        variables["OTEL_RESOURCE_ATTRIBUTES"] =
            variables.TryGetValue("OTEL_RESOURCE_ATTRIBUTES", out var given) && !string.IsNullOrEmpty(given) ? $"{given},{instance}" : instance;
        variables.TryAdd("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");
        if (host.IsDevelopment())
        {
            variables.TryAdd("OTEL_BLRP_SCHEDULE_DELAY", "1000");
            variables.TryAdd("OTEL_BSP_SCHEDULE_DELAY", "1000");
            variables.TryAdd("OTEL_METRIC_EXPORT_INTERVAL", "1000");
            variables.TryAdd("OTEL_TRACES_SAMPLER", "always_on");
            variables.TryAdd("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based");
        }

        variables.TryAdd("LOGGING__CONSOLE__FORMATTERNAME", "simple");
        variables.TryAdd("LOGGING__CONSOLE__FORMATTEROPTIONS__SINGLELINE", "true");

        foreach (var fill in resource.Environment)
        {
            await fill(variables, cancellationToken);
        }
    }
}
