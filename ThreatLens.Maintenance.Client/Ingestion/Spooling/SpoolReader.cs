using Google.Protobuf;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Client.Ingestion.Buffering;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>Reads one file's records in order, stepping over what is damaged. Not thread-safe.</summary>
/// <param name="segment">The file; may grow meanwhile.</param>
internal sealed class SegmentReader(SpoolSegment segment)
{
    /// <summary>Where the next record begins.</summary>
    public long Offset { get; private set; }

    /// <summary>The next whole record; null at the end, or when nothing whole follows.</summary>
    public (SpoolRecord Record, byte[] Message)? Next()
    {
        for (var offset = Offset; offset < segment.Length; offset = NextMagic(offset + 1))
        {
            if (!SpoolRecord.TryRead(segment.File, offset, segment.Length, out var record, out var message))
                continue;
            Offset = offset + record.Length;
            return (record, message);
        }
        return null;
    }

    private long NextMagic(long from)
    {
        var window = new byte[64 * 1024];
        while (from < segment.Length)
        {
            var read = RandomAccess.Read(segment.File, window, from);
            var found = window.AsSpan(0, read).IndexOf(SpoolRecord.Magic);
            if (found >= 0)
                return from + found;
            if (read < SpoolRecord.Magic.Length)
                break;
            // It may lie across the border.
            from += read - SpoolRecord.Magic.Length + 1;
        }
        return segment.Length;
    }
}

/// <summary>
/// Goes through a spool once, from what is not settled to what was written last and on as more is written. Positions come without gaps:
/// what is missing comes as empty batches, since the service counts them too. Not thread-safe.
/// </summary>
/// <param name="spool">The spool.</param>
/// <param name="logger">Log.</param>
internal sealed class SpoolReader(Spool spool, ILogger logger)
{
    private SpoolSegment? _segment;
    private SegmentReader? _reader;
    private (SpoolRecord Record, byte[] Message)? _found;
    private long _samplesSeen = spool.SamplesSettled;

    /// <summary>Position of what is read next.</summary>
    public long Position { get; private set; } = spool.Settled + 1;

    /// <summary>The next batch; null when there is none yet.</summary>
    public PackedBatch? Next()
    {
        while (_found is null || _found.Value.Record.Position < Position)
        {
            if ((_found = NextRecord()) is null)
                return null;
        }
        var (record, message) = _found.Value;
        if (record.Position > Position)
            return Missing(record);
        _found = null;
        Position++;
        _samplesSeen = record.SamplesBefore + record.Samples;
        return Parse(message) is { } batch
            ? new PackedBatch(record.Position, batch)
            : Lost(record.Position, record.Position, record.Samples);
    }

    /// <summary>This position was never written, and does not come from here.</summary>
    public void Skip(PackedBatch packed)
    {
        Position = packed.Position + 1;
        _samplesSeen += packed.Samples;
    }

    private PackedBatch Missing(SpoolRecord next)
    {
        var position = Position++;
        var lost = next.SamplesBefore - _samplesSeen;
        _samplesSeen = next.SamplesBefore;
        return lost > 0 ? Lost(position, next.Position - 1, lost) : new PackedBatch(position, new MetricBatch());
    }

    private PackedBatch Lost(long first, long last, long samples)
    {
        logger.SpoolGap(spool.Directory, first, last, Path.GetFileName(_segment?.Path ?? ""), samples);
        return new PackedBatch(first, new MetricBatch()) { Lost = samples };
    }

    private (SpoolRecord, byte[])? NextRecord()
    {
        while (true)
        {
            if (_reader?.Next() is { } record)
                return record;
            if (spool.SegmentAfter(_segment, Position) is not { } next)
                return null;
            (_segment, _reader) = (next, new SegmentReader(next));
        }
    }

    private static MetricBatch? Parse(byte[] message)
    {
        try
        {
            return MetricBatch.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException)
        {
            // Its checksum is right: another version wrote it.
            return null;
        }
    }
}
