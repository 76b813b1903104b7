using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>What a <see cref="MetricSender"/> does with a sample when its buffer is full.</summary>
public enum MetricBufferFullMode
{
    /// <summary>The new sample is dropped: Add returns false.</summary>
    DropNewest,

    /// <summary>The oldest samples that are not packed into a batch yet make room; when there are none, the new one is dropped.</summary>
    DropOldest,

    /// <summary>Add blocks its thread until there is room.</summary>
    Wait,
}

/// <summary>What a batch in a spool survives.</summary>
public enum SpoolDurability
{
    /// <summary>The death of the process: a batch is in the operating system's hands before it is sent.</summary>
    ProcessCrash,

    /// <summary>Also a power cut: a batch is on the disk before it is sent (one fsync per batch).</summary>
    PowerLoss,
}

/// <summary>
/// How a <see cref="MetricSender"/> finds the service, batches, and keeps what is not stored. Bound from <see cref="SectionName"/> and then
/// from the section of the sender's name below it; not to be changed once in use.
/// </summary>
public sealed class MetricSenderSettings : IValidatableObject
{
    /// <summary>The configuration section: <c>ThreatLens:Maintenance:MetricSender</c>.</summary>
    public const string SectionName = "ThreatLens:Maintenance:MetricSender";

    /// <summary>
    /// Absolute http or https address of the service's gRPC endpoint, such as <c>http://localhost:5301</c>. Null, the default: service
    /// discovery finds the endpoint <c>grpc</c> of <see cref="ServiceName"/>. Of no effect without <c>AddMetricSender</c>.
    /// </summary>
    public Uri? Address { get; set; }

    /// <summary>The service's name for service discovery. Null, the default: the name given to <c>AddMetricSender</c>.</summary>
    public string? ServiceName { get; set; }

    /// <summary>
    /// Who the producer is: the same across restarts and unique among running producers, 1 to 255 characters. Null, the default:
    /// <c>APPLICATION@MACHINE</c>; a second instance on a machine, and a second sender in a process, need their own.
    /// </summary>
    [StringLength(255, MinimumLength = 1)]
    public string? ProducerId { get; set; }

    /// <summary>What it is, for people; at most 255 characters. Default: empty.</summary>
    [StringLength(255)]
    public string Description { get; set; } = "";

    /// <summary>Name sent as <c>threatlens-caller</c>. Null, the default: the producer id. What is not printable ASCII arrives as <c>?</c>.</summary>
    public string? CallerName { get; set; }

    /// <summary>Samples at which a batch goes out without waiting for more, 1 to 10,000; default 1000. The service's own bound applies when it is lower.</summary>
    [Range(1, 10_000)]
    public int MaxBatchSamples { get; set; } = 1000;

    /// <summary>Bytes at which a batch goes out without waiting for more, 256 KiB to 8 MiB; default 1 MiB.</summary>
    [Range(256 * 1024, 8 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = 1024 * 1024;

    /// <summary>Age of the oldest sample at which a batch goes out (or into the spool) however small it is, 0 to 1 min; default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan MaxBatchAge { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Most samples in memory, 1 to 10,000,000; default 100,000. All that are not stored count; with a spool, only those not written to it.</summary>
    [Range(1, 10_000_000)]
    public int MaxBufferedSamples { get; set; } = 100_000;

    /// <summary>Most bytes of those samples as they lie in memory, 1 MiB to 4 GiB; default 64 MiB. A sample counts as twice its size on the wire and 200.</summary>
    [Range(1024 * 1024, 4L * 1024 * 1024 * 1024)]
    public long MaxBufferedBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>What happens to a sample when either bound is reached; default <see cref="MetricBufferFullMode.DropNewest"/>.</summary>
    [EnumDataType(typeof(MetricBufferFullMode))]
    public MetricBufferFullMode WhenFull { get; set; }

    /// <summary>
    /// Directory of the spool, in which each producer id has its own; made when it is missing. What is in it survives the process and goes
    /// out at its next start. Null, the default: no spool, what is not stored is in memory only.
    /// </summary>
    public string? SpoolDirectory { get; set; }

    /// <summary>Most bytes of the spool, 1 MiB to 1 TiB and at least four batches; default 256 MiB. When it is full samples stay in memory, within its bounds.</summary>
    [Range(1024 * 1024, 1024L * 1024 * 1024 * 1024)]
    public long MaxSpoolBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>What a batch in the spool survives; default <see cref="SpoolDurability.ProcessCrash"/>.</summary>
    [EnumDataType(typeof(SpoolDurability))]
    public SpoolDurability SpoolDurability { get; set; }

    /// <summary>Most batches under way without an acknowledgement, 1 to 1000; default 32. The service's own bound applies when it is lower.</summary>
    [Range(1, 1000)]
    public int MaxUnacknowledgedBatches { get; set; } = 32;

    /// <summary>Wait before the first reconnect, before jitter, 1 ms to 1 h; doubles each time without progress. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan InitialReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait that doubling leads to, 1 ms to 1 h; at least <see cref="InitialReconnectDelay"/>. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a stop may take to have everything stored, 0 to 5 min; default 5 s. A sender with a spool does not wait while it has no
    /// connection: the next start sends what is in the spool.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether <c>AddMetricSender</c> adds no health check. Default false.</summary>
    public bool DisableHealthChecks { get; set; }

    /// <summary>Whether <c>AddMetricSender</c> does not add the meter to the host's OpenTelemetry. Default false.</summary>
    public bool DisableMetrics { get; set; }

    /// <summary>Checks what no single property can say.</summary>
    /// <param name="validationContext">Not used.</param>
    /// <returns>What is wrong.</returns>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxReconnectDelay < InitialReconnectDelay)
            yield return new ValidationResult("MaxReconnectDelay must be at least InitialReconnectDelay.", [nameof(MaxReconnectDelay)]);
        if (SpoolDirectory is not null && string.IsNullOrWhiteSpace(SpoolDirectory))
            yield return new ValidationResult("SpoolDirectory must be a path, or absent for no spool.", [nameof(SpoolDirectory)]);
        if (SpoolDirectory is not null && MaxSpoolBytes < 4L * MaxBatchBytes)
            yield return new ValidationResult("MaxSpoolBytes must be at least four times MaxBatchBytes.", [nameof(MaxSpoolBytes)]);
        if (!DatabaseMaintenanceClientExtensions.IsHttp(Address))
            yield return new ValidationResult("Address must be an absolute http or https address.", [nameof(Address)]);
    }

    /// <summary>Throws <see cref="ValidationException"/> for the first setting that is out of range.</summary>
    internal void Validate() => Validator.ValidateObject(this, new ValidationContext(this), validateAllProperties: true);

    /// <summary>The producer id, and how the stream below introduces itself.</summary>
    internal MetricBatchSenderOptions Stream() => new()
    {
        ProducerId = ProducerId ?? $"{AppDomain.CurrentDomain.FriendlyName}@{Environment.MachineName}",
        Description = Description,
        Caller = CallerName,
        InitialReconnectDelay = InitialReconnectDelay,
        MaxReconnectDelay = MaxReconnectDelay,
        MaxUnacknowledgedBatches = MaxUnacknowledgedBatches,
    };
}
