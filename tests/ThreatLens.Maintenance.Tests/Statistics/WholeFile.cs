using System.Buffers.Binary;

namespace ThreatLens.Maintenance.Tests.Statistics;

/// <summary>
/// The truth about a database file, from reading all of it: every page of a b-tree, every overflow chain to its end. Written apart from the
/// code under test. Only for a file that nobody has open and whose write-ahead log is empty.
/// </summary>
internal sealed class WholeFile
{
    private readonly byte[] _bytes;
    private readonly int _pageSize;
    private readonly int _usable;

    public WholeFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        _pageSize = BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(16)) is var size && size == 1 ? 65536 : size;
        _usable = _pageSize - _bytes[20];
    }

    public long Length => _bytes.Length;

    public long FreeBytes => (long)BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(36)) * _pageSize;

    /// <summary>All bytes and all rows (or entries) of the tree with this root.</summary>
    public (long Bytes, long Rows) Tree(long root)
    {
        var (pages, rows) = Walk((uint)root);
        return (pages * _pageSize, rows);
    }

    private (long Pages, long Rows) Walk(uint number)
    {
        var page = _bytes.AsSpan((int)(number - 1) * _pageSize, _pageSize);
        var header = number == 1 ? 100 : 0;
        var kind = page[header];
        var cells = BinaryPrimitives.ReadUInt16BigEndian(page[(header + 3)..]);
        var leaf = kind is 10 or 13;
        // Rows of a table with rowid are in leaves only; everything else counts wherever it is.
        var (pages, rows) = (1L, kind == 5 ? 0L : cells);
        for (var i = 0; i < cells; i++)
        {
            int at = BinaryPrimitives.ReadUInt16BigEndian(page[(header + (leaf ? 8 : 12) + (2 * i))..]);
            if (!leaf)
            {
                var below = Walk(BinaryPrimitives.ReadUInt32BigEndian(page[at..]));
                (pages, rows) = (pages + below.Pages, rows + below.Rows);
                at += 4;
            }

            if (kind != 5)
                pages += Chain(page, at, kind);
        }

        if (leaf)
            return (pages, rows);
        var last = Walk(BinaryPrimitives.ReadUInt32BigEndian(page[(header + 8)..]));
        return (pages + last.Pages, rows + last.Rows);
    }

    private long Chain(Span<byte> page, int at, int kind)
    {
        var payload = Varint(page, ref at);
        if (kind == 13)
            Varint(page, ref at);
        var most = kind == 13 ? _usable - 35 : ((_usable - 12) * 64 / 255) - 23;
        if (payload <= most)
            return 0;
        var least = ((_usable - 12) * 32 / 255) - 23;
        var local = least + ((payload - least) % (_usable - 4));
        at += (int)(local <= most ? local : least);
        var pages = 0L;
        for (var next = BinaryPrimitives.ReadUInt32BigEndian(page[at..]); next != 0; next = BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan((int)(next - 1) * _pageSize)))
            pages++;
        return pages;
    }

    private static long Varint(Span<byte> page, ref int at)
    {
        var value = 0L;
        while (true)
        {
            var b = page[at++];
            value = (value << 7) | (uint)(b & 0x7F);
            if (b < 0x80)
                return value;
        }
    }
}
