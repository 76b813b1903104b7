using System.Globalization;
using Microsoft.Win32.SafeHandles;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>One file of a spool: records one after another, named for the position it began with. Not thread-safe.</summary>
internal sealed class SpoolSegment : IDisposable
{
    private const string Extension = ".spool";

    private SpoolSegment(string path, FileMode mode)
    {
        Path = path;
        File = System.IO.File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read);
        Length = RandomAccess.GetLength(File);
    }

    public string Path { get; }

    public SafeFileHandle File { get; }

    /// <summary>Bytes of whole records.</summary>
    public long Length { get; private set; }

    /// <summary>Position of the last record; 0 when there is none.</summary>
    public long Last { get; set; }

    /// <summary>The files of a directory, in the order they were written.</summary>
    public static List<SpoolSegment> OpenAll(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*" + Extension).Order(StringComparer.Ordinal).Select(path => new SpoolSegment(path, FileMode.Open))];

    /// <summary>A new file that begins with a position.</summary>
    public static SpoolSegment Create(string directory, long position) =>
        new(System.IO.Path.Combine(directory, position.ToString("D19", CultureInfo.InvariantCulture) + Extension), FileMode.Create);

    /// <summary>Appends a record; after a failure the file is as long as before.</summary>
    /// <exception cref="IOException">It was not written.</exception>
    public void Append(SpoolRecord record, MetricBatch batch, bool flush)
    {
        var bytes = new byte[record.Length];
        record.Write(batch, bytes);
        try
        {
            RandomAccess.Write(File, bytes, Length);
            if (flush)
                RandomAccess.FlushToDisk(File);
        }
        catch (IOException)
        {
            Cut(Length);
            throw;
        }
        Length += record.Length;
        Last = record.Position;
    }

    /// <summary>Makes the file end here.</summary>
    public void Cut(long length)
    {
        Length = length;
        try
        {
            RandomAccess.SetLength(File, length);
        }
        catch (IOException)
        {
            // Then the next record goes over what is there, and what is behind it counts as torn.
        }
    }

    /// <summary>Closes the file and removes it.</summary>
    public void Delete()
    {
        Dispose();
        System.IO.File.Delete(Path);
    }

    public void Dispose() => File.Dispose();
}
