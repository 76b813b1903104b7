using System.Globalization;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// The rotated files of a path in the order they were written: <c>auth.log.2</c>, <c>auth.log.1</c>, <c>auth.log</c>. Counts only names that are
/// the path and a number or date, so that somebody's <c>auth.log.backup</c> is no generation.
/// </summary>
internal static class Generations
{
    private const int SmallestDate = 1_000_000;

    /// <summary>What was written after a file that is read to its end; the path itself when nothing is in between.</summary>
    /// <param name="path">The path that is watched.</param>
    /// <param name="finished">The file that is finished, wherever it is.</param>
    /// <param name="isCopy">Tells a copy of the finished file, which must not be read again.</param>
    /// <remarks>
    /// The time of birth decides, so that it does not matter whether the highest number is the oldest (logrotate) or the newest. Files
    /// born in the same tick of the clock are in logrotate's order.
    /// </remarks>
    public static string Successor(string path, FileIdentity? finished, Func<string, bool> isCopy)
    {
        if (finished is not { Birth: > 0 } file)
            return path;
        List<Generation> all = [.. RotatedFiles.Beside(path).Select(name => Generation.Of(path, name)).OfType<Generation>()];
        all.Sort();
        var self = all.Find(generation => generation.Identity == file);
        var later = self is null
            ? all.Where(generation => generation.Identity.Birth > file.Birth)
            : all.Where(generation => generation.CompareTo(self) > 0);
        return later.FirstOrDefault(generation => !isCopy(generation.Path))?.Path ?? path;
    }

    private sealed record Generation(string Path, long Number, FileIdentity Identity) : IComparable<Generation>
    {
        public static Generation? Of(string path, string name)
        {
            var suffix = name.StartsWith(path, StringComparison.Ordinal) ? name.AsSpan(path.Length) : default;
            if (suffix.Length < 2 || suffix[0] is not ('.' or '-' or '_') || FileProbe.Of(name) is not { IsRegular: true, Identity: { } identity })
                return null;
            var digits = string.Concat(suffix[1..].ToArray().Where(c => c is not ('-' or '.' or '_')));
            return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new Generation(name, number, identity) : null;
        }

        public int CompareTo(Generation? other)
        {
            var born = Identity.Birth.CompareTo(other!.Identity.Birth);
            return born != 0 ? born : Order.CompareTo(other.Order);
        }

        // Numbers count down to the newest, dates count up to it.
        private long Order => Number < SmallestDate ? -Number : Number;
    }
}
