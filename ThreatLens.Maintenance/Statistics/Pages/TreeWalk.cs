namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>
/// Counts the pages of a b-tree exactly by reading its interior pages only: all leaves are at one depth, so the first page of a level tells
/// what the level is. Overflow pages of leaves are not counted so.
/// </summary>
internal static class TreeWalk
{
    /// <exception cref="DamagedPageException">The tree leads in circles or out of the file.</exception>
    public static Tree Read(SnapshotPages pages, uint root)
    {
        var tree = new Tree(root);
        var buffer = new byte[pages.PageSize];
        List<uint> level = [root];
        while (!IsLeaf(pages, level[0], buffer))
        {
            var below = new List<uint>();
            foreach (var number in level)
            {
                pages.Read(number, buffer);
                var page = new BtreePage(buffer, number, pages.UsableSize);
                if (page.IsLeaf)
                    throw new DamagedPageException(number, "is a leaf at the depth of others that are not");
                page.AddChildren(below);
                tree.InteriorCells += page.CellCount;
                tree.InteriorOverflowPages += page.OverflowPages();
            }

            tree.InteriorPages += level.Count;
            if (tree.InteriorPages + below.Count > pages.PageCount)
                throw new DamagedPageException(root, "leads to more pages than there are");
            level = below;
        }

        tree.Leaves.AddRange(level);
        return tree;
    }

    private static bool IsLeaf(SnapshotPages pages, uint number, byte[] buffer)
    {
        pages.Read(number, buffer);
        return new BtreePage(buffer, number, pages.UsableSize).IsLeaf;
    }
}
