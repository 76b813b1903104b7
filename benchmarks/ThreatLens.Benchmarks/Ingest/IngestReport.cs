using System.Globalization;

namespace ThreatLens.Benchmarks.Ingest;

/// <summary>Collects what was measured against its bars; a miss is printed as a miss.</summary>
internal sealed class IngestReport
{
    private readonly List<string> _lines = [];
    private int _misses;

    /// <summary>A figure that has to be at least so much.</summary>
    public void AtLeast(string what, double is_, double bar) => Add(what, is_, ">=", bar, is_ >= bar);

    /// <summary>A figure that has to be less.</summary>
    public void Below(string what, double is_, double bar) => Add(what, is_, "<", bar, is_ < bar);

    /// <summary>A line while it runs.</summary>
    public static void Tell(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <returns>How many bars were missed, as the exit code: 0 or 1.</returns>
    public int Print()
    {
        Console.WriteLine();
        foreach (var line in _lines)
            Console.WriteLine(line);
        return _misses == 0 ? 0 : 1;
    }

    private void Add(string what, double is_, string relation, double bar, bool isMet)
    {
        _misses += isMet ? 0 : 1;
        _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{(isMet ? "met " : "MISS")}  {what,-62} {is_,9:0.00}  ({relation} {bar:0.##})"));
    }
}
