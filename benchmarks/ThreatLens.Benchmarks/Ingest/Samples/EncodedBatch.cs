using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Benchmarks.Ingest.Samples;

/// <summary>
/// A message encoded once and filled in in place for every sending, so that the client costs next to nothing: the cores are shared with
/// what is measured. The number is a varint padded to ten bytes, which every reader takes.
/// </summary>
internal sealed class EncodedBatch
{
    private const byte BatchTag = 2 << 3 | 2;
    private const byte SequenceTag = 1 << 3;
    private const byte SampleTag = 2 << 3 | 2;
    private const int PaddedLength = 10;
    private const int FiveBytes = 5;

    private static long _rows;
    private readonly int _sequenceAt;
    private readonly int[] _timesAt;

    public EncodedBatch(int samples)
    {
        using var batch = new MemoryStream();
        batch.WriteByte(SequenceTag);
        batch.Write(new byte[PaddedLength]);
        _timesAt = new int[samples];
        for (var i = 0; i < samples; i++)
        {
            var sample = Sample(i).ToByteArray();
            batch.WriteByte(SampleTag);
            WriteVarint(batch, sample.Length);
            batch.Write(sample);
            // The time is the sample's last field: its seconds and nanos, five bytes each behind a tag each.
            _timesAt[i] = (int)batch.Length - 2 * (FiveBytes + 1);
        }

        using var message = new MemoryStream();
        message.WriteByte(BatchTag);
        WriteVarint(message, (int)batch.Length);
        var start = (int)message.Length;
        batch.WriteTo(message);
        Message = message.ToArray();
        _sequenceAt = start + 1;
        for (var i = 0; i < samples; i++)
            _timesAt[i] += start;
    }

    /// <summary>What goes over the wire.</summary>
    public byte[] Message { get; }

    /// <summary>Fills in the number, and the times that come next for all producers together: theirs is one clock, as in life.</summary>
    public void Next(long sequence)
    {
        var row = Interlocked.Add(ref _rows, _timesAt.Length) - _timesAt.Length;
        PutVarint(Message.AsSpan(_sequenceAt, PaddedLength), (ulong)sequence);
        foreach (var at in _timesAt)
        {
            var (seconds, nanos) = BenchmarkRow.Time(row++);
            PutVarint(Message.AsSpan(at + 1, FiveBytes), (ulong)seconds);
            PutVarint(Message.AsSpan(at + 2 + FiveBytes, FiveBytes), (ulong)nanos);
        }
    }

    private static MetricSample Sample(int i)
    {
        var (seconds, nanos) = BenchmarkRow.Time(i);
        return new MetricSample
        {
            SourceName = Encoding.UTF8.GetString(BenchmarkRow.SourceNames[i % BenchmarkRow.SourceNames.Length]),
            MetricType = Encoding.UTF8.GetString(BenchmarkRow.MetricTypes[i % BenchmarkRow.MetricTypes.Length]),
            MetricValue = Encoding.UTF8.GetString(BenchmarkRow.Values[i % BenchmarkRow.Values.Length]),
            Timestamp = new Timestamp { Seconds = seconds, Nanos = nanos },
        };
    }

    private static void PutVarint(Span<byte> bytes, ulong value)
    {
        for (var i = 0; i < bytes.Length; i++, value >>= 7)
            bytes[i] = (byte)(value & 0x7F | (i == bytes.Length - 1 ? 0UL : 0x80));
    }

    private static void WriteVarint(MemoryStream stream, int value)
    {
        for (; value > 0x7F; value >>= 7)
            stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }
}
