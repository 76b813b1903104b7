using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>How metrics are taken in. Configuration section <c>Maintenance:Ingest</c>.</summary>
public sealed class IngestOptions
{
    /// <summary>Rows after which a group commits without looking for more. 1 to 100,000; default 5,000.</summary>
    [Range(1, 100_000)]
    public int MaxGroupRows { get; set; } = 5_000;

    /// <summary>Age at which a group commits without taking in more of what waits. 0 to 1 s; default 50 ms. A group never waits for more to come.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan MaxGroupAge { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Batches one producer may have unacknowledged. 1 to 1,000; default 32.</summary>
    [Range(1, 1_000)]
    public int MaxUnacknowledgedBatches { get; set; } = 32;

    /// <summary>
    /// Bytes of memory for batches that wait for the writer, over all producers; beyond it the streams are not read. 16 MiB, the default, which
    /// is most of a second's writing, to 4 GiB. One batch that is larger by itself is taken when nothing else waits.
    /// </summary>
    [Range(IngestLimits.MaxMessageBytes, 4L * 1024 * 1024 * 1024)]
    public long MaxQueuedBytes { get; set; } = 16L * 1024 * 1024;

    /// <summary>How long a stream waits for room before it ends with INGEST_BEHIND. 100 ms to 10 min; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan MaxQueueWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a producer may leave an acknowledgement unread before its stream ends with ACKNOWLEDGEMENTS_UNREAD. 100 ms to 10 min; default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan MaxUnreadWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the number and the positions of a producer that sends nothing are kept. One that returns later is new to the service: its welcome says last
    /// number 0 and no positions. 1 to 36,500 days; default 400 days.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00")]
    public TimeSpan ProducerRetention { get; set; } = TimeSpan.FromDays(400);

    /// <summary>How often the settings that producers follow are looked up for changes made by others. 100 ms to 1 min; default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConfigurationPoll { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether metrics are summed up per minute, source and type as they are stored. Default true. What was stored while it was false is
    /// summed up later, in the background, once it is true again; until then it is read from the rows themselves, and a cleanup
    /// that deletes them sums nothing up first.
    /// </summary>
    public bool Rollups { get; set; } = true;
}
