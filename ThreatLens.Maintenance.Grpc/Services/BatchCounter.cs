using System.Buffers;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>
/// Counts the entries of a message of the metric stream without making any of them: two bytes are an empty sample, and 16 MiB of those would be
/// hundreds of megabytes of objects before anything could look at how many they are. What is no message is left to the decoder to say.
/// </summary>
internal ref struct BatchCounter(ReadOnlySequence<byte> message)
{
    // StreamMetricsRequest.batch, MetricBatch.samples, MetricBatch.sources.
    private const int BatchField = 2;
    private const int SamplesField = 2;
    private const int SourcesField = 3;

    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Delimited = 2;
    private const int StartGroup = 3;
    private const int EndGroup = 4;
    private const int Fixed32 = 5;
    private const int MaxVarintBytes = 10;

    private SequenceReader<byte> _bytes = new(message);

    /// <summary>Entries of batch.samples, of all its pieces: a decoder adds up what is there twice.</summary>
    public int Samples { get; private set; }

    /// <summary>Entries of batch.sources.</summary>
    public int Sources { get; private set; }

    /// <summary>Whether there is a group: a decoder would go through it to what comes behind, and no field of the contract is one.</summary>
    public bool HasGroups { get; private set; }

    /// <summary>Counts up to the end, or up to where a decoder would fail.</summary>
    public void Count()
    {
        while (TryReadField(_bytes.Length, out var field, out var length))
        {
            if (length is not { } bytes)
                continue;
            if (field != BatchField)
                _bytes.Advance(bytes);
            else if (!CountBatch(_bytes.Consumed + bytes))
                return;
        }
    }

    private bool CountBatch(long end)
    {
        while (_bytes.Consumed < end)
        {
            if (!TryReadField(end, out var field, out var length))
                return false;
            if (length is not { } bytes)
                continue;
            Samples += field == SamplesField ? 1 : 0;
            Sources += field == SourcesField ? 1 : 0;
            _bytes.Advance(bytes);
        }

        return true;
    }

    /// <summary>Reads the next field; what is behind a length is left to be read, all else is passed over.</summary>
    /// <returns>False at the end, and where a decoder would fail.</returns>
    private bool TryReadField(long end, out int field, out long? length)
    {
        (field, length) = (0, null);
        if (!TryReadVarint(out var tag) || (field = (int)((uint)tag >> 3)) == 0)
            return false;
        switch ((int)(tag & 7))
        {
            case Varint:
                return TryReadVarint(out _);
            case Fixed64:
                return TrySkip(sizeof(long), end);
            case Fixed32:
                return TrySkip(sizeof(int), end);
            case Delimited:
                if (!TryReadVarint(out var bytes) || (int)bytes < 0 || (int)bytes > end - _bytes.Consumed)
                    return false;
                length = (int)bytes;
                return true;
            case StartGroup or EndGroup:
                HasGroups = true;
                return false;
            default:
                return false;
        }
    }

    private bool TrySkip(int bytes, long end)
    {
        if (end - _bytes.Consumed < bytes)
            return false;
        _bytes.Advance(bytes);
        return true;
    }

    private bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < MaxVarintBytes; i++)
        {
            if (!_bytes.TryRead(out var next))
                return false;
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
                return true;
        }

        return false;
    }
}
