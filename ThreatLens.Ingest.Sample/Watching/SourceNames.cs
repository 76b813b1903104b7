using System.Security.Cryptography;
using System.Text;

namespace ThreatLens.Ingest.Sample.Watching;

/// <summary>
/// Names for paths: the file name, with as many parent directories as make it unique. Names that are known already win, so that a
/// source keeps its name when others come and go.
/// </summary>
internal static class SourceNames
{
    private const int MaxLength = 255;

    /// <summary>A name for every path.</summary>
    /// <param name="paths">Absolute paths, each once.</param>
    /// <param name="known">Names that paths have, here or in the database.</param>
    public static IReadOnlyDictionary<string, string> Assign(IReadOnlyCollection<string> paths, IReadOnlyDictionary<string, string> known)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var taken = known.Values.ToHashSet(StringComparer.Ordinal);
        List<string> unnamed = [];
        foreach (var path in paths)
        {
            if (known.TryGetValue(path, out var name))
                names[path] = name;
            else
                unnamed.Add(path);
        }
        foreach (var path in unnamed)
            names[path] = Shortest(path, unnamed, taken);
        return names;
    }

    private static string Shortest(string path, List<string> unnamed, HashSet<string> taken)
    {
        var depths = path.Count(c => c == Path.DirectorySeparatorChar);
        for (var depth = 1; depth <= depths; depth++)
        {
            var name = Last(path, depth);
            if (name.Length <= MaxLength && !taken.Contains(name) && unnamed.Count(other => Last(other, depth) == name) == 1)
                return name;
        }

        // Longer than a name may be, or somebody else's: a hash of the path tells it apart, and stays the same.
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)).AsSpan(0, 8));
        var file = Path.GetFileName(path);
        return $"{file[..Math.Min(file.Length, MaxLength - hash.Length - 1)]}~{hash}";
    }

    private static string Last(string path, int segments)
    {
        var from = path.Length;
        while (segments-- > 0 && from > 0)
            from = path.LastIndexOf(Path.DirectorySeparatorChar, from - 1);
        return path[(from + 1)..].Replace(Path.DirectorySeparatorChar, '/');
    }
}
