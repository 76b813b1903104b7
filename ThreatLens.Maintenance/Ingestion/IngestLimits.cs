namespace ThreatLens.Maintenance.Ingestion;

/// <summary>The bounds of what producers may send; part of the contract.</summary>
public static class IngestLimits
{
    /// <summary>Most samples in a batch.</summary>
    public const int MaxBatchSamples = 10_000;

    /// <summary>Most source reports in a batch.</summary>
    public const int MaxBatchSources = 1_000;

    /// <summary>Most bytes of a message on the stream.</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>Most characters of a source's name or a producer's id.</summary>
    public const int MaxNameLength = 255;

    /// <summary>Most characters of a metric type.</summary>
    public const int MaxMetricTypeLength = 100;

    /// <summary>Most characters of a path.</summary>
    public const int MaxPathLength = 1_000;

    /// <summary>Most bytes, as UTF-8, of a metric's value, and of its metadata.</summary>
    public const int MaxValueBytes = 64 * 1024;

    /// <summary>Most characters of a source's error message.</summary>
    public const int MaxErrorMessageLength = 4_096;

    /// <summary>Most characters of a position token.</summary>
    public const int MaxPositionTokenLength = 1_024;

    /// <summary>Most positions in a welcome, those reported last.</summary>
    public const int MaxWelcomePositions = 10_000;

    /// <summary>
    /// Most characters of the positions in a welcome: a thousand of the longest, which are what one batch may report. With what it says of the sources it
    /// stays below the 4 MiB that gRPC clients take by default.
    /// </summary>
    public const int MaxWelcomeCharacters = 2_400_000;

    /// <summary>How far a sample's time may lie ahead of the service's clock.</summary>
    public static readonly TimeSpan MaxClockLead = TimeSpan.FromDays(1);
}
