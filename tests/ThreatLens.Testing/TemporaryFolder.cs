namespace ThreatLens.Testing;

/// <summary>A folder of its own for one test, gone afterwards with everything in it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("threatlens-").FullName;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Path of a file in it; nothing is created.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Names of what is in it, sorted.</summary>
    public IReadOnlyList<string> Names => [.. Directory.EnumerateFileSystemEntries(Path).Select(p => System.IO.Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        foreach (var file in Directory.EnumerateFiles(Path))
            System.IO.File.SetAttributes(file, FileAttributes.Normal);
        Directory.Delete(Path, recursive: true);
    }
}
