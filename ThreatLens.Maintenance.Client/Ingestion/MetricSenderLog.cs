using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>What senders say.</summary>
internal static partial class MetricSenderLog
{
    [LoggerMessage(1, LogLevel.Information, "Producer {ProducerId} connected: last stored batch {LastSequence}, {Resent} to send again, window {Window}")]
    public static partial void Connected(this ILogger logger, string producerId, long lastSequence, int resent, int window);

    [LoggerMessage(2, LogLevel.Warning, "Stream of producer {ProducerId} ended ({Status}: {Detail}); next attempt in {Delay}")]
    public static partial void StreamEnded(this ILogger logger, string producerId, string status, string detail, TimeSpan delay);

    [LoggerMessage(3, LogLevel.Error, "Another process sends as producer {ProducerId} and took the stream over: two instances must not share an id; next attempt in {Delay}")]
    public static partial void Replaced(this ILogger logger, string producerId, TimeSpan delay);

    [LoggerMessage(4, LogLevel.Warning, "The service's last batch {LastSequence} of producer {ProducerId} is not what was sent from here (last known {Known}): {Dropped} unacknowledged batches go back to where they came from, which starts again after the service's number")]
    public static partial void StartedOver(this ILogger logger, string producerId, long lastSequence, long known, int dropped);

    [LoggerMessage(5, LogLevel.Warning, "Batch {Sequence}: {Entry} {Index} was refused, field {Field}: {Reason}")]
    public static partial void Rejected(this ILogger logger, long sequence, string entry, int index, string field, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Batch {Sequence} was acknowledged out of turn; ignored")]
    public static partial void UnexpectedAcknowledgement(this ILogger logger, long sequence);

    [LoggerMessage(7, LogLevel.Warning, "Producer {ProducerId} dropped {Samples} samples ({Reason}): {Explanation}")]
    public static partial void Dropped(this ILogger logger, string producerId, long samples, DropReason reason, string explanation);

    [LoggerMessage(8, LogLevel.Information, "Spool {Directory}: {Samples} samples of the last run are not known to be stored and go out first")]
    public static partial void SpoolOpened(this ILogger logger, string directory, long samples);

    [LoggerMessage(9, LogLevel.Warning, "Spool {Directory}: {Bytes} bytes at the end of {File} are no complete batch and were cut off, as after a crash while writing")]
    public static partial void TornTail(this ILogger logger, string directory, string file, long bytes);

    [LoggerMessage(10, LogLevel.Error, "Spool {Directory}: batches {First} to {Last} are missing or damaged in {File}; {Samples} samples are lost unless they are stored already")]
    public static partial void SpoolGap(this ILogger logger, string directory, long first, long last, string file, long samples);

    [LoggerMessage(11, LogLevel.Error, "Spool {Directory} cannot be written ({Error}): metrics are kept in memory until it can be, and would be lost with this process")]
    public static partial void SpoolFailed(this ILogger logger, string directory, string error);

    [LoggerMessage(12, LogLevel.Information, "Spool {Directory} can be written again")]
    public static partial void SpoolRecovered(this ILogger logger, string directory);

    [LoggerMessage(13, LogLevel.Warning, "Spool {Directory}: its marks cannot be read; what is in it counts as not stored, numbered as it was last")]
    public static partial void MarksUnreadable(this ILogger logger, string directory);

    [LoggerMessage(14, LogLevel.Error, "Producer {ProducerId} stopped sending because of a defect")]
    public static partial void SenderDefect(this ILogger logger, Exception exception, string producerId);

    [LoggerMessage(15, LogLevel.Warning, "Producer {ProducerId}: {Samples} samples go out again under new numbers, from {Number}: the database was restored or is another one")]
    public static partial void Renumbered(this ILogger logger, string producerId, long samples, long number);

    [LoggerMessage(16, LogLevel.Warning, "Producer {ProducerId} has sent before, and the service knows nothing of it: the database is another one or an older one, or the producer was away for longer than the service keeps idle producers (Maintenance:Ingest:ProducerRetention)")]
    public static partial void Forgotten(this ILogger logger, string producerId);
}
