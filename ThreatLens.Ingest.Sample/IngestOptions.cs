using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using ThreatLens.Ingest.Sample.Demo;
using ThreatLens.Ingest.Sample.Tailing;
using ThreatLens.Maintenance.Client.Ingestion;

namespace ThreatLens.Ingest.Sample;

/// <summary>Configuration section <c>Ingest</c>. Read once at start; what the service pushes down the stream goes before it.</summary>
public sealed class IngestOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Ingest";

    /// <summary>
    /// Log files to watch (<c>Ingest__Paths__0</c>, <c>__1</c>, ...), at most 1000. Paths of the monitoring configuration go before these.
    /// Default: none, and then the demo logs are written and watched.
    /// </summary>
    [MaxLength(1000)]
    public string[] Paths { get; init; } = [];

    /// <summary>
    /// Who this producer is to the service: positions are kept under it, so it must stay the same across restarts, and two processes must
    /// not share one. 1 to 255 characters. Default <c>ingest-sample@MACHINE</c>: for a second instance on a machine, set it.
    /// </summary>
    [Required, StringLength(255, MinimumLength = 1)]
    public string ProducerId { get; init; } = DefaultProducerId;

    /// <summary>How often each source is measured while the monitoring configuration says nothing: 100 ms to 1 h. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a file that was renamed is still read after its last byte came, for writers that open the new one late; 0 to 1 h. Default
    /// 2 s. What is written to the old file later than that is not counted.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RotationWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest line that is parsed, bytes, 1 KiB to 16 MiB; longer ones count as parse errors. Default 1 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxLineBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Most bytes of a source in one measurement, 64 KiB to 1 GiB; when there are more the next measurement follows at once. Default 8 MiB.
    /// </summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int MaxBytesPerMeasurement { get; init; } = 8 * 1024 * 1024;

    /// <summary>
    /// Most batches sent and not acknowledged, 1 to 1000. At that many nothing more is read: the files keep what waits. Default 8.
    /// </summary>
    [Range(1, 1000)]
    public int MaxUnacknowledgedBatches { get; init; } = 8;

    /// <summary>How long a stop may take to send what was measured last, 0 to 1 min. Default 5 s. What is not sent by then is measured again.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often this process reports its own processor time and memory, at most 1 h; 0 for never. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ProcessMetricsInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the demo logs are. Default: <c>ThreatLens/demo-logs</c> in the user's local application data, else in the temporary directory.</summary>
    [Required]
    public string DemoDirectory { get; init; } = DefaultDemoDirectory();

    /// <summary>What the demo logs are like.</summary>
    [ValidateObjectMembers]
    public DemoOptions Demo { get; init; } = new();

    /// <summary>Whether the service can store it: a position that is refused would be measured again after every start.</summary>
    internal static bool IsPath(string path) =>
        !string.IsNullOrWhiteSpace(path) && !path.Contains('\0', StringComparison.Ordinal) && Path.GetFullPath(path).Length <= 1000;

    internal static string DefaultProducerId => $"ingest-sample@{Environment.MachineName}";

    internal TailLimits TailLimits => new(MaxBytesPerMeasurement, MaxLineBytes, RotationWait);

    /// <summary>The paths this configuration means: its own, or those of the demo.</summary>
    internal IReadOnlyList<string> EffectivePaths =>
        Paths.Length > 0 ? Paths : [.. DemoLogs.FileNames.Select(name => Path.Combine(DemoDirectory, name))];

    internal MetricBatchSenderOptions Sender() => new()
    {
        ProducerId = ProducerId,
        Description = $"ThreatLens.Ingest.Sample/{typeof(IngestOptions).Assembly.GetName().Version?.ToString(3)} on {Environment.MachineName}",
        MaxUnacknowledgedBatches = MaxUnacknowledgedBatches,
    };

    private static string DefaultDemoDirectory()
    {
        var data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "ThreatLens", "demo-logs");
    }
}

/// <summary>Checks <see cref="IngestOptions"/> at start, without reflection over its attributes at run time.</summary>
[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;
