using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using ThreatLens.Maintenance.Client.Ingestion.Buffering;

namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>What a spool remembers besides its batches.</summary>
/// <param name="Settled">Everything up to this position is stored or given up.</param>
/// <param name="SamplesSettled">Samples of all batches up to there.</param>
/// <param name="Numbering">How batches are numbered; null before the first welcome.</param>
internal readonly record struct SpoolMarks(long Settled, long SamplesSettled, Numbering? Numbering);

/// <summary>
/// The file of the marks: two places of the same size that are written in turn, so that one of them is always whole. It never grows:
/// marks can be written when the disk is full. Not thread-safe.
/// </summary>
internal sealed class SpoolMarksFile : IDisposable
{
    private const int SlotBytes = 64;
    private const int CheckedFrom = 4;
    private readonly SafeFileHandle _file;
    private long _generation;

    /// <summary>Opens the file, or makes it.</summary>
    public SpoolMarksFile(string path)
    {
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (RandomAccess.GetLength(_file) >= 2 * SlotBytes)
            return;
        try
        {
            RandomAccess.Write(_file, new byte[2 * SlotBytes], 0);
            Write(default, flush: false);
        }
        catch (IOException)
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The marks written last; null when none can be read.</summary>
    public SpoolMarks? Read()
    {
        SpoolMarks? latest = null;
        Span<byte> slot = stackalloc byte[SlotBytes];
        for (var place = 0; place < 2; place++)
        {
            if (RandomAccess.Read(_file, slot, place * SlotBytes) < SlotBytes
                || BinaryPrimitives.ReadUInt32LittleEndian(slot) != SpoolRecord.Checksum(slot[CheckedFrom..]))
                continue;
            var generation = BinaryPrimitives.ReadInt64LittleEndian(slot[8..]);
            if (generation <= _generation)
                continue;
            _generation = generation;
            latest = Parse(slot);
        }
        return latest;
    }

    /// <summary>Writes marks, beside the ones before.</summary>
    /// <param name="marks">The marks.</param>
    /// <param name="flush">Whether to wait until they are on the disk.</param>
    /// <exception cref="IOException">They were not written.</exception>
    public void Write(SpoolMarks marks, bool flush)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        slot.Clear();
        var generation = _generation + 1;
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], generation);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], marks.Settled);
        BinaryPrimitives.WriteInt64LittleEndian(slot[24..], marks.SamplesSettled);
        slot[4] = marks.Numbering is null ? (byte)0 : (byte)1;
        BinaryPrimitives.WriteInt64LittleEndian(slot[32..], marks.Numbering?.Position ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(slot[40..], marks.Numbering?.Number ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(slot, SpoolRecord.Checksum(slot[CheckedFrom..]));
        RandomAccess.Write(_file, slot, generation % 2 * SlotBytes);
        if (flush)
            RandomAccess.FlushToDisk(_file);
        // Only now: after a failure the same place is written again, and the other one stays whole.
        _generation = generation;
    }

    public void Dispose() => _file.Dispose();

    private static SpoolMarks Parse(ReadOnlySpan<byte> slot) => new(
        BinaryPrimitives.ReadInt64LittleEndian(slot[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(slot[24..]),
        slot[4] == 0 ? null : new Numbering(BinaryPrimitives.ReadInt64LittleEndian(slot[32..]), BinaryPrimitives.ReadInt64LittleEndian(slot[40..])));
}
