namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>Why a <see cref="MetricSender"/> gave samples up.</summary>
public enum DropReason
{
    /// <summary>The buffer was full: the service is away, or slower than what is added.</summary>
    BufferFull,

    /// <summary>They were sent and not acknowledged when another process took the producer id over: whether they are stored cannot be known.</summary>
    InDoubt,

    /// <summary>The spool's files were damaged, or did not have them.</summary>
    Unreadable,

    /// <summary>The sender stopped before they were stored, and no spool holds them.</summary>
    Shutdown,
}

/// <summary>Samples that were given up.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Samples">How many since the last report of this reason; at least 1.</param>
public sealed record DroppedSamples(DropReason Reason, long Samples);

/// <summary>How reasons are written in metrics and explained to people.</summary>
internal static class DropReasonTexts
{
    /// <summary>The reason as an attribute of a metric.</summary>
    public static string Tag(this DropReason reason) => reason switch
    {
        DropReason.BufferFull => "buffer_full",
        DropReason.InDoubt => "in_doubt",
        DropReason.Unreadable => "unreadable",
        _ => "shutdown",
    };

    /// <summary>What happened and what to change.</summary>
    public static string Explain(this DropReason reason) => reason switch
    {
        DropReason.BufferFull => "the buffer was full; raise MaxBufferedSamples and MaxBufferedBytes, set SpoolDirectory, or find out why the service is away or slow",
        DropReason.InDoubt => "another process sends under this producer id, so whether they are stored cannot be known; give every process a ProducerId of its own",
        DropReason.Unreadable => "the spool's files are damaged or were not written in time",
        _ => "the sender stopped before they were stored; raise ShutdownTimeout or set SpoolDirectory",
    };
}
