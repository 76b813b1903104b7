using System.Buffers.Binary;

namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>One page of a b-tree, taken apart as far as sizes need it (https://sqlite.org/fileformat2.html#b_tree_pages).</summary>
internal readonly ref struct BtreePage
{
    private const int InteriorIndex = 2;
    private const int InteriorTable = 5;
    private const int LeafIndex = 10;
    private const int LeafTable = 13;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly uint _number;
    private readonly int _header;
    private readonly int _usable;

    /// <exception cref="DamagedPageException">It is no page of a b-tree.</exception>
    public BtreePage(ReadOnlySpan<byte> bytes, uint number, int usable)
    {
        _bytes = bytes;
        (_number, _usable) = (number, usable);
        // Page 1 begins with the header of the file.
        _header = number == 1 ? 100 : 0;
        if (bytes[_header] is not (InteriorIndex or InteriorTable or LeafIndex or LeafTable))
            throw Damaged("is no page of a b-tree");
        if (CellArray + (2 * CellCount) > usable)
            throw Damaged("has more cells than fit");
    }

    public bool IsLeaf => _bytes[_header] is LeafIndex or LeafTable;

    public bool IsTable => _bytes[_header] is InteriorTable or LeafTable;

    public int CellCount => Short(_header + 3);

    private int CellArray => _header + (IsLeaf ? 8 : 12);

    /// <summary>The pages below an interior one, from left to right.</summary>
    public void AddChildren(List<uint> children)
    {
        for (var cell = 0; cell < CellCount; cell++)
            children.Add(Number(Cell(cell)));
        children.Add(Number(_header + 8));
    }

    /// <summary>How many overflow pages its cells need. Interior pages of tables with rowid hold no content.</summary>
    public long OverflowPages()
    {
        if (_bytes[_header] == InteriorTable)
            return 0;
        var (pages, child) = (0L, IsLeaf ? 0 : 4);
        for (var cell = 0; cell < CellCount; cell++)
            pages += OverflowPagesOf(Varint(Cell(cell) + child));
        return pages;
    }

    /// <summary>Bytes of the page that hold nothing.</summary>
    public int UnusedBytes()
    {
        // The content begins there; 0 stands for 65536.
        var content = Short(_header + 5) is 0 ? 65536 : Short(_header + 5);
        var free = content - (CellArray + (2 * CellCount)) + _bytes[_header + 7];
        var steps = 0;
        for (var block = Short(_header + 1); block != 0; block = Short(block))
        {
            if (block + 4 > _usable || ++steps > _usable / 4)
                throw Damaged("has a free block outside of it");
            free += Short(block + 2);
        }

        return Math.Clamp(free, 0, _usable);
    }

    // https://sqlite.org/fileformat2.html#cell_payload_overflow_pages, in its own letters.
    private long OverflowPagesOf(long payload)
    {
        long u = _usable;
        var x = IsTable ? u - 35 : ((u - 12) * 64 / 255) - 23;
        if (payload <= x)
            return 0;
        var m = ((u - 12) * 32 / 255) - 23;
        var k = m + ((payload - m) % (u - 4));
        var local = k <= x ? k : m;
        return (payload - local + u - 5) / (u - 4);
    }

    private int Cell(int index)
    {
        var at = Short(CellArray + (2 * index));
        return at >= CellArray && at + 4 <= _usable ? at : throw Damaged("has a cell outside of it");
    }

    private long Varint(int at)
    {
        var value = 0L;
        for (var i = 0; i < 9 && at + i < _usable; i++)
        {
            var b = _bytes[at + i];
            if (i == 8)
                return (value << 8) | b;
            value = (value << 7) | (uint)(b & 0x7F);
            if (b < 0x80)
                return value;
        }

        throw Damaged("has a cell outside of it");
    }

    private int Short(int at) => BinaryPrimitives.ReadUInt16BigEndian(_bytes[at..]);

    private uint Number(int at) => BinaryPrimitives.ReadUInt32BigEndian(_bytes[at..]);

    private DamagedPageException Damaged(string what) => new(_number, what);
}
