using Spectre.Console.Rendering;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Monitoring;

/// <summary>The monitoring configuration for people.</summary>
internal static class MonitoringConfigView
{
    public static IRenderable Of(MonitoringConfig config, string etag) => new Facts()
        .Add("Watching", config.Enabled ? "on" : "off", config.Enabled ? Styles.Good : Styles.Attention)
        .Add("Interval", Words.Of(config.Interval))
        .Add("Paths", config.Paths.Count > 0 ? string.Join('\n', config.Paths) : "those of each ingest service's own configuration")
        .Add("Changed", config.UpdateTime is null ? "never: this is the default" : Words.Of(config.UpdateTime))
        .Add("Etag", etag)
        .Build();
}
