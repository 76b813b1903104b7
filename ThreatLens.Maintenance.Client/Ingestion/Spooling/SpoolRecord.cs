using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>
/// A batch in a spool's file. Little endian: "TLB1", length of the message (4 bytes), CRC-32C of all that follows (4), position (8), number
/// it had when it was written or 0 (8), samples written before it in the life of the spool (8), samples in it (4), the message.
/// </summary>
/// <param name="Position">Its place.</param>
/// <param name="Number">Its number; 0 while batches have none.</param>
/// <param name="SamplesBefore">Samples of all batches before it: shows how many are missing in a gap.</param>
/// <param name="Samples">Samples in it.</param>
/// <param name="Length">Bytes in the file.</param>
internal readonly record struct SpoolRecord(long Position, long Number, long SamplesBefore, int Samples, int Length)
{
    /// <summary>Bytes before the message.</summary>
    public const int HeaderBytes = 40;

    private const int CheckedFrom = 12;

    /// <summary>What every record begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "TLB1"u8;

    /// <summary>Whether a file begins as those of another version do: "TLB" and another digit.</summary>
    /// <param name="file">The file.</param>
    public static bool IsOfAnotherFormat(SafeFileHandle file)
    {
        Span<byte> start = stackalloc byte[4];
        return RandomAccess.Read(file, start, 0) == start.Length && start[..3].SequenceEqual(Magic[..3]) && char.IsAsciiDigit((char)start[3]) && start[3] != Magic[3];
    }

    /// <summary>Writes the record into a buffer.</summary>
    public void Write(MetricBatch batch, Span<byte> record)
    {
        Magic.CopyTo(record);
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], Length - HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(record[12..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(record[20..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(record[28..], SamplesBefore);
        BinaryPrimitives.WriteInt32LittleEndian(record[36..], Samples);
        batch.WriteTo(record[HeaderBytes..Length]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], Checksum(record[CheckedFrom..Length]));
    }

    /// <summary>Reads the record at an offset; false when there is no whole and undamaged one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where.</param>
    /// <param name="end">Where the file ends.</param>
    /// <param name="record">The record.</param>
    /// <param name="message">Its message.</param>
    public static bool TryRead(SafeFileHandle file, long offset, long end, out SpoolRecord record, out byte[] message)
    {
        (record, message) = (default, []);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (end - offset < HeaderBytes || RandomAccess.Read(file, header, offset) < HeaderBytes || !header[..4].SequenceEqual(Magic))
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (length < 0 || length > end - offset - HeaderBytes)
            return false;
        var bytes = new byte[length];
        if (RandomAccess.Read(file, bytes, offset + HeaderBytes) < length)
            return false;
        if (Checksum(bytes, Checksum(header[CheckedFrom..])) != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
            return false;
        record = new SpoolRecord(
            BinaryPrimitives.ReadInt64LittleEndian(header[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[20..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[36..]),
            HeaderBytes + length);
        message = bytes;
        return true;
    }

    /// <summary>CRC-32C, eight bytes at a time where the processor can.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes, uint start = uint.MaxValue)
    {
        var crc = start;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}
