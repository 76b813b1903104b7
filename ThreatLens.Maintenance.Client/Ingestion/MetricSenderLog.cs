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

    [LoggerMessage(4, LogLevel.Warning, "The service's last batch {LastSequence} of producer {ProducerId} is not what was sent from here (last known {Known}): {Dropped} unacknowledged batches dropped, starting again from the service's positions")]
    public static partial void StartedOver(this ILogger logger, string producerId, long lastSequence, long known, int dropped);

    [LoggerMessage(5, LogLevel.Warning, "Batch {Sequence}: {Entry} {Index} was refused, field {Field}: {Reason}")]
    public static partial void Rejected(this ILogger logger, long sequence, string entry, int index, string field, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Batch {Sequence} was acknowledged out of turn; ignored")]
    public static partial void UnexpectedAcknowledgement(this ILogger logger, long sequence);
}
