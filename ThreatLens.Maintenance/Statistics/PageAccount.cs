using ThreatLens.Maintenance.Statistics.Pages;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>
/// Which tree has how many pages. With a pointer map all of it is exact. Without one the pages of the trees are counted by their interior
/// pages, and what is left of the file is exactly all overflow pages; which tree has how many of them is known where all its leaves were read
/// or only one tree is left that can have them, else estimated from a sample of the leaves.
/// </summary>
internal sealed class PageAccount
{
    // Leaves read of a tree, or twice as many where that is all of them.
    private const int RowSample = 1000;
    private const int IndexSample = 200;

    /// <summary>Per tree, in the order of the roots asked for.</summary>
    public required IReadOnlyList<TreeAccount> Trees { get; init; }

    /// <summary>Pages of the pointer map, and the page of the locks.</summary>
    public required long OverheadPages { get; init; }

    /// <exception cref="DamagedPageException">A page is not what it should be.</exception>
    public static PageAccount Take(SnapshotPages pages, IReadOnlyList<(uint Root, bool HoldsRows)> roots)
    {
        var lockPages = pages.LockPage <= pages.PageCount ? 1 : 0;
        var (trees, mapPages) = pages.HasPointerMap
            ? PointerMap.Read(pages, [.. roots.Select(r => r.Root)])
            : ([.. roots.Select(r => TreeWalk.Read(pages, r.Root))], 0);
        var samples = trees.Select((t, i) => LeafSample.Read(pages, t, roots[i].HoldsRows ? RowSample : IndexSample)).ToList();
        if (!pages.HasPointerMap)
            ShareOverflow(samples, (long)pages.PageCount - pages.FreeCount - lockPages - trees.Sum(t => t.BtreePages + t.InteriorOverflowPages));
        return new PageAccount
        {
            OverheadPages = mapPages + lockPages,
            Trees = [.. trees.Select((t, i) => new TreeAccount(t, samples[i] with
            {
                OverflowPages = t.OverflowPages is { } exact ? Estimate.Exactly(exact) : samples[i].OverflowPages with { Value = samples[i].OverflowPages.Value + t.InteriorOverflowPages },
            }))],
        };
    }

    /// <summary>Makes the trees' estimates add up to the overflow pages that there are.</summary>
    private static void ShareOverflow(List<LeafSample> samples, long overflow)
    {
        var known = samples.Where(s => s.OverflowPages.Error == 0).Sum(s => s.OverflowPages.Value);
        var open = Enumerable.Range(0, samples.Count).Where(i => samples[i].OverflowPages.Error > 0).ToList();
        var left = Math.Max(0, overflow - known);
        var guessed = open.Sum(i => samples[i].OverflowPages.Value);
        foreach (var i in open)
        {
            var guess = samples[i].OverflowPages;
            var value = open.Count == 1 || guessed == 0 ? left / open.Count : guess.Value * left / guessed;
            var error = open.Count == 1 ? 0 : Math.Min(Math.Max(value, left - value), guess.Error + Math.Abs(value - guess.Value));
            samples[i] = samples[i] with { OverflowPages = new Estimate(value, error) };
        }
    }
}

/// <summary>The pages of one tree.</summary>
/// <param name="Tree">Its pages.</param>
/// <param name="Leaves">What its leaves hold; the overflow pages are those of the whole tree.</param>
internal sealed record TreeAccount(Tree Tree, LeafSample Leaves)
{
    /// <summary>All its pages.</summary>
    public Estimate Pages => new(Tree.BtreePages + Leaves.OverflowPages.Value, Leaves.OverflowPages.Error);

    /// <summary>Rows of a table.</summary>
    /// <param name="hasRowid">Without rowid, rows are in interior pages as well.</param>
    public Estimate Rows(bool hasRowid) => hasRowid ? Leaves.Cells : Leaves.Cells with { Value = Leaves.Cells.Value + Tree.InteriorCells };
}
