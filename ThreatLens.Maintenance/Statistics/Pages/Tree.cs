namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>The pages of one b-tree: a table or an index.</summary>
internal sealed class Tree(uint root)
{
    /// <summary>Its first page, which stays the same.</summary>
    public uint Root { get; } = root;

    /// <summary>Pages that hold rows or entries.</summary>
    public List<uint> Leaves { get; } = [];

    /// <summary>Pages that only lead to others.</summary>
    public long InteriorPages { get; set; }

    /// <summary>Entries in interior pages: rows of a table WITHOUT ROWID are there too.</summary>
    public long InteriorCells { get; set; }

    /// <summary>Overflow pages that entries in interior pages need; where <see cref="OverflowPages"/> is known, part of it.</summary>
    public long InteriorOverflowPages { get; set; }

    /// <summary>Pages that hold what does not fit into others; null: not counted.</summary>
    public long? OverflowPages { get; set; }

    /// <summary>Leaves and interior pages.</summary>
    public long BtreePages => Leaves.Count + InteriorPages;
}
