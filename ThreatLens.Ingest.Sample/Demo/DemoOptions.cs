using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Ingest.Sample.Demo;

/// <summary>Configuration section <c>Ingest:Demo</c>: the logs that are written when no paths are configured.</summary>
public sealed class DemoOptions
{
    /// <summary>Lines of sshd a second on average, 0 to 10,000. Default 5.</summary>
    [Range(0d, 10_000d)]
    public double SshdLinesPerSecond { get; init; } = 5;

    /// <summary>Lines of the nginx access log a second on average, 0 to 10,000. Default 20.</summary>
    [Range(0d, 10_000d)]
    public double AccessLinesPerSecond { get; init; } = 20;

    /// <summary>Lines of the application log a second on average, 0 to 10,000. Default 10.</summary>
    [Range(0d, 10_000d)]
    public double ApplicationLinesPerSecond { get; init; } = 10;

    /// <summary>Share of lines that no parser can make sense of, 0 to 1. Default 0.02.</summary>
    [Range(0d, 1d)]
    public double MalformedShare { get; init; } = 0.02;

    /// <summary>Size at which a file is rotated, bytes, 4 KiB to 1 GiB; one old file is kept. Default 1 MiB.</summary>
    [Range(4 * 1024, 1024 * 1024 * 1024)]
    public int MaxFileBytes { get; init; } = 1024 * 1024;

    /// <summary>Seed of the random numbers: the same seed and clock write the same lines. Default 1.</summary>
    public int Seed { get; init; } = 1;
}
