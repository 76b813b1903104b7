namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// Finds where the file of a path went: log rotation leaves it beside the path, as <c>auth.log.1</c>, <c>auth.log-20261123</c> or
/// <c>auth.1.log</c>. Compressed ones are not read.
/// </summary>
internal static class RotatedFiles
{
    private const int MostLookedAt = 1000;

    // Each is for a rotation in the moment of the one before.
    private const int MostLooks = 5;


    /// <summary>Opens the file that a position is in, wherever it is now; null when it is nowhere near the path.</summary>
    /// <remarks>
    /// Identity first, at the path and beside it, then content: a copy that was made before truncation has another identity. What
    /// identity finds must have the content, too.
    /// </remarks>
    public static TailedFile? Find(string path, FilePosition position, Func<string, long, TailedFile?> open)
    {
        for (var look = 1; ; look++)
        {
            var candidates = Candidates(path);
            if (FindAmong(candidates, path, position, open) is { } file)
                return file;

            // A rotation meanwhile may have moved it from a name not yet looked at to one that was not there before.
            if (look == MostLooks || candidates.SequenceEqual(Candidates(path)))
                return null;
        }
    }

    private static TailedFile? FindAmong(List<(string Path, FileIdentity? Identity)> candidates, string path, FilePosition position, Func<string, long, TailedFile?> open)
    {
        if (position.Identity is { } identity)
        {
            foreach (var candidate in candidates.Where(candidate => candidate.Identity == identity))
            {
                if (TryOpen(candidate.Path, position, open) is { } file)
                    return file;
            }
        }

        // Where every content would do, only the path itself may.
        if (position.Fingerprint.Length == 0)
            return TryOpen(path, position, open);
        return candidates.Select(candidate => TryOpen(candidate.Path, position, open)).FirstOrDefault(file => file is not null);
    }

    private static List<(string Path, FileIdentity? Identity)> Candidates(string path) =>
        [.. Beside(path).Prepend(path).Select(candidate => (candidate, FileProbe.Of(candidate)?.Identity))];

    /// <summary>Files in the directory of a path whose names begin as its name does, without what comes after its last point.</summary>
    public static IEnumerable<string> Beside(string path)
    {
        try
        {
            var directory = Path.GetDirectoryName(path)!;
            var pattern = Path.GetFileNameWithoutExtension(path);
            return [.. Directory.EnumerateFiles(directory)
                .Where(file => file != path && Path.GetFileName(file).StartsWith(pattern, StringComparison.Ordinal))
                .Take(MostLookedAt)
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static TailedFile? TryOpen(string path, FilePosition position, Func<string, long, TailedFile?> open)
    {
        TailedFile? file;
        try
        {
            file = open(path, position.Offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        if (file is null || position.Fingerprint.Length == 0 || file.Position.Fingerprint == position.Fingerprint)
            return file;
        file.Dispose();
        return null;
    }
}
