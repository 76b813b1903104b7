using System.Buffers.Binary;
using System.Collections;

namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>
/// Counts the pages of every b-tree exactly from the pointer map, which files with auto_vacuum keep: five bytes for every page, its kind and
/// the page that leads to it. That is about one page in 800 of the file (https://sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages).
/// </summary>
internal static class PointerMap
{
    private const int Entry = 5;
    private const byte Root = 1;
    private const byte FirstOverflow = 3;
    private const byte LaterOverflow = 4;
    private const byte Btree = 5;
    private const int Unknown = -1;
    private const int Nobody = -2;

    /// <summary>The trees with these roots, and how many pages the map itself takes.</summary>
    /// <exception cref="DamagedPageException">The map leads in circles or out of the file.</exception>
    public static (IReadOnlyList<Tree> Trees, long MapPages) Read(SnapshotPages pages, IReadOnlyList<uint> roots)
    {
        var kinds = new byte[pages.PageCount + 1];
        var parents = new uint[pages.PageCount + 1];
        var mapPages = ReadEntries(pages, kinds, parents);
        kinds[1] = Root;

        var trees = roots.Select(r => new Tree(r) { OverflowPages = 0 }).ToList();
        var owners = new int[kinds.Length];
        Array.Fill(owners, Unknown);
        for (var i = 0; i < trees.Count; i++)
            owners[trees[i].Root <= pages.PageCount ? trees[i].Root : throw new DamagedPageException(trees[i].Root, "is not there")] = i;
        Assign(trees, kinds, parents, owners);
        return (trees, mapPages);
    }

    private static long ReadEntries(SnapshotPages pages, byte[] kinds, uint[] parents)
    {
        var perPage = pages.UsableSize / Entry;
        var buffer = new byte[pages.PageSize];
        var count = 0L;
        for (var group = 2L; group <= pages.PageCount; group += perPage + 1)
        {
            var map = (uint)(group == pages.LockPage ? group + 1 : group);
            if (map > pages.PageCount)
                break;
            pages.Read(map, buffer);
            count++;
            for (long page = map + 1, end = Math.Min(group + perPage, pages.PageCount); page <= end; page++)
            {
                var at = (int)(Entry * (page - map - 1));
                kinds[page] = buffer[at];
                parents[page] = BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(at + 1));
            }
        }

        return count;
    }

    private static void Assign(List<Tree> trees, byte[] kinds, uint[] parents, int[] owners)
    {
        var leads = new BitArray(kinds.Length);
        for (var page = 1u; page < kinds.Length; page++)
        {
            if (kinds[page] == Btree)
                leads[(int)Checked(page, parents)] = true;
        }

        var way = new List<uint>();
        for (var page = 1u; page < kinds.Length; page++)
        {
            if (kinds[page] is not (Root or FirstOverflow or LaterOverflow or Btree) || OwnerOf(page, kinds, parents, owners, way) is not (>= 0 and var owner))
                continue;
            Count(trees[owner], page, kinds[page], leads[(int)page]);
        }
    }

    private static void Count(Tree tree, uint page, byte kind, bool leads)
    {
        if (kind is FirstOverflow or LaterOverflow)
        {
            tree.OverflowPages++;
        }
        else if (leads)
        {
            tree.InteriorPages++;
        }
        else
        {
            tree.Leaves.Add(page);
        }

        // An interior page with n children has n - 1 entries, and every page but the root is somebody's child.
        tree.InteriorCells = tree.BtreePages - 1 - tree.InteriorPages;
    }

    private static int OwnerOf(uint page, byte[] kinds, uint[] parents, int[] owners, List<uint> way)
    {
        way.Clear();
        while (owners[page] == Unknown && kinds[page] is FirstOverflow or LaterOverflow or Btree)
        {
            way.Add(page);
            if (way.Count > kinds.Length)
                throw new DamagedPageException(page, "is its own ancestor in the pointer map");
            page = Checked(page, parents);
        }

        var owner = owners[page] == Unknown ? Nobody : owners[page];
        foreach (var passed in way)
            owners[passed] = owner;
        return owner;
    }

    private static uint Checked(uint page, uint[] parents) =>
        parents[page] is > 0 and var parent && parent < parents.Length ? parent : throw new DamagedPageException(page, "has no parent in the pointer map");
}
