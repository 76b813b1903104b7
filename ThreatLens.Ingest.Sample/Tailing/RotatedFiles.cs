namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// Finds where the file of a path went: log rotation leaves it beside the path, as <c>auth.log.1</c>, <c>auth.log-20261123</c> or
/// <c>auth.1.log</c>. Compressed ones are not read.
/// </summary>
internal static class RotatedFiles
{
    private const int MostLookedAt = 1000;

    /// <summary>Opens the file that a position is in, wherever it is now; null when it is nowhere near the path.</summary>
    /// <remarks>
    /// Identity first, at the path and beside it, then content: a copy that was made before truncation has another identity. What
    /// identity finds must have the content, too.
    /// </remarks>
    public static TailedFile? Find(string path, FilePosition position, Func<string, long, TailedFile?> open)
    {
        List<string> candidates = [path, .. Beside(path)];
        if (position.Identity is { } identity)
        {
            foreach (var candidate in candidates.Where(candidate => FileProbe.Of(candidate)?.Identity == identity))
            {
                if (TryOpen(candidate, position, open) is { } file)
                    return file;
            }
        }

        // Where every content would do, only the path itself may.
        if (position.Fingerprint.Length == 0)
            return TryOpen(path, position, open);
        return candidates.Select(candidate => TryOpen(candidate, position, open)).FirstOrDefault(file => file is not null);
    }

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
