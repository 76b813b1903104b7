using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>How log sources are to be watched.</summary>
public sealed record MonitoringConfig
{
    /// <summary>What holds while nothing else is stored: enabled, every second, each ingest service's own paths.</summary>
    public static readonly MonitoringConfig Default = new();

    // As other programs write it and people read it: paths are not ASCII only.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether anything is watched. Default true.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>How often each source is measured. 100 ms to 1 h, to the millisecond; default 1 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Absolute paths to watch; empty: each ingest service's own.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Keys of the stored JSON that this service does not interpret, kept as they are, as a JSON object. Default {}.</summary>
    public string OtherSettings { get; init; } = "{}";

    /// <summary>Reads the stored JSON, this service's or the original's.</summary>
    /// <param name="json">Column <c>config_data</c>.</param>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    internal static MonitoringConfig Parse(string json)
    {
        // A key that is there twice would else be noticed later, and by another exception.
        var stored = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
            ?? throw new JsonException("config_data is not a JSON object.");
        var config = new MonitoringConfig
        {
            IsEnabled = !(stored["enabled"] is JsonValue enabled && enabled.TryGetValue<bool>(out var on) && !on),
            Interval = stored["interval_ms"] is JsonValue interval && interval.TryGetValue<double>(out var ms) && ms is >= 100 and <= 3_600_000
                ? TimeSpan.FromMilliseconds(ms)
                : Default.Interval,
            Paths = stored["paths"] is JsonArray paths ? [.. paths.OfType<JsonValue>().Select(p => p.TryGetValue<string>(out var path) ? path : null).OfType<string>()] : [],
        };
        foreach (var known in (string[])["enabled", "interval_ms", "paths"])
            stored.Remove(known);
        return config with { OtherSettings = stored.ToJsonString(Readable) };
    }

    /// <summary>The JSON to store.</summary>
    internal string ToJson()
    {
        var stored = JsonNode.Parse(OtherSettings) as JsonObject ?? [];
        stored["enabled"] = IsEnabled;
        stored["interval_ms"] = (long)Interval.TotalMilliseconds;
        stored["paths"] = new JsonArray([.. Paths.Select(p => (JsonNode)p)]);
        return stored.ToJsonString(Readable);
    }
}

/// <summary>The configuration as stored.</summary>
/// <param name="Config">The configuration; the default when nothing readable is stored.</param>
/// <param name="Etag">Stands for exactly what is stored.</param>
/// <param name="UpdatedAt">When it was stored, UTC; null when it is the default, or unknown.</param>
public sealed record StoredMonitoringConfig(MonitoringConfig Config, string Etag, DateTimeOffset? UpdatedAt);
