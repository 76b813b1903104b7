using System.Diagnostics;

namespace ThreatLens.Testing;

/// <summary>A folder of its own for one test, gone afterwards with everything in it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Stopwatch _leaving = new();

    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("threatlens-").FullName;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Path of a file in it; nothing is created.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Names of what is in it, sorted.</summary>
    public IReadOnlyList<string> Names => [.. Directory.EnumerateFileSystemEntries(Path).Select(p => System.IO.Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    /// <summary>Waits for those who are still about to leave it: a process that was killed, or a connection that removes its log as it is closed.</summary>
    public void Dispose()
    {
        _leaving.Start();
        SpinWait.SpinUntil(TryDelete);
    }

    private bool TryDelete()
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(Path))
                System.IO.File.SetAttributes(file, FileAttributes.Normal);
            Directory.Delete(Path, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException) when (_leaving.Elapsed < Patience)
        {
            return false;
        }
    }
}
