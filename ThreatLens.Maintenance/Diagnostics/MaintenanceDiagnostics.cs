using System.Diagnostics;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>The names under which this library's traces and metrics are collected.</summary>
public static class MaintenanceDiagnostics
{
    /// <summary>Name of the activity source.</summary>
    public const string ActivitySourceName = "ThreatLens.Maintenance";

    /// <summary>Name of the meter.</summary>
    public const string MeterName = "ThreatLens.Maintenance";

    /// <summary>The one activity source. Thread-safe; costs nothing while nobody listens.</summary>
    public static ActivitySource ActivitySource { get; } = new(ActivitySourceName);
}
