namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>A sum over all leaves of a tree, with how far off it may be.</summary>
/// <param name="Value">The sum.</param>
/// <param name="Error">Largest absolute error; 0 when all leaves were read.</param>
internal readonly record struct Estimate(double Value, double Error)
{
    public static Estimate Exactly(double value) => new(value, 0);

    /// <summary>The error relative to the value, 0 to 1.</summary>
    public double RelativeError => Error <= 0 ? 0 : Math.Min(1, Error / Math.Max(1, Value));
}

/// <summary>What leaves hold, summed up over all leaves of a tree from all of them or from a sample.</summary>
/// <param name="Cells">Rows or entries.</param>
/// <param name="OverflowPages">Overflow pages that their cells need.</param>
/// <param name="UnusedBytes">Bytes that hold nothing.</param>
internal sealed record LeafSample(Estimate Cells, Estimate OverflowPages, Estimate UnusedBytes)
{
    // 99.99 %: four standard errors of the mean, and, for what a sample did not meet at all, as many leaves as it could have missed with that probability.
    private const double StandardErrors = 4;
    private const double Missed = 9.2;

    /// <summary>Reads at most twice so many leaves: all of them when they are not more than that, else one of each of so many stretches.</summary>
    /// <exception cref="DamagedPageException">A leaf is none.</exception>
    public static LeafSample Read(SnapshotPages pages, Tree tree, int size)
    {
        var leaves = tree.Leaves;
        var picked = leaves.Count <= 2 * size ? leaves : Pick(leaves, size);
        var (cells, overflow, unused) = (new Sums(), new Sums(), new Sums());
        var buffer = new byte[pages.PageSize];
        foreach (var number in picked)
        {
            pages.Read(number, buffer);
            var page = new BtreePage(buffer, number, pages.UsableSize);
            if (!page.IsLeaf)
                throw new DamagedPageException(number, "is no leaf");
            cells.Add(page.CellCount);
            overflow.Add(page.OverflowPages());
            unused.Add(page.UnusedBytes());
        }

        return new LeafSample(cells.Over(leaves.Count), overflow.Over(leaves.Count), unused.Over(leaves.Count));
    }

    private static List<uint> Pick(List<uint> leaves, int size)
    {
        // The same leaves for the same tree: two answers differ only as far as the tree does.
        var random = new Random(leaves.Count);
        var picked = new List<uint>(size);
        for (var i = 0; i < size; i++)
        {
            var (from, to) = ((long)i * leaves.Count / size, (long)(i + 1) * leaves.Count / size);
            picked.Add(leaves[random.Next((int)from, (int)to)]);
        }

        return picked;
    }

    private sealed class Sums
    {
        private int _count;
        private double _sum;
        private double _squares;

        public void Add(double value)
        {
            _count++;
            _sum += value;
            _squares += value * value;
        }

        public Estimate Over(int all)
        {
            if (_count == all)
                return Estimate.Exactly(_sum);
            var mean = _sum / _count;
            var variance = Math.Max(0, ((_squares / _count) - (mean * mean)) * _count / (_count - 1));
            return new Estimate(all * mean, all * ((StandardErrors * Math.Sqrt(variance / _count)) + (Missed / _count * Math.Max(mean, 1))));
        }
    }
}
