using Microsoft.Win32.SafeHandles;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>Asks the file system about files; on systems without inodes it can tell regular files only.</summary>
internal static class FileProbe
{
    /// <summary>Status of the file at a path; null when there is none.</summary>
    public static FileStatus? Of(string path)
    {
        if (OperatingSystem.IsLinux())
            return LinuxFileStatus.Of(path);
        var file = new FileInfo(path);
        return file.Exists ? new(true, null, false) : Directory.Exists(path) ? new(false, null, false) : null;
    }

    /// <summary>Status of an open file.</summary>
    public static FileStatus Of(SafeFileHandle file) =>
        (OperatingSystem.IsLinux() ? LinuxFileStatus.Of(file) : null) ?? new FileStatus(true, null, false);

    /// <summary>Size of the file at a path, bytes; 0 when there is none.</summary>
    public static long SizeOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Opens a regular file so that others may still write, rename and delete it.</summary>
    /// <exception cref="IOException">It is not there, or not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle Open(string path)
    {
        // Opening a pipe to read would block until someone writes.
        if (Of(path) is { IsRegular: false })
            throw new IOException("not a regular file");
        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }
}
