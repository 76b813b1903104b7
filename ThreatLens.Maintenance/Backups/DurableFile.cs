using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// Makes files survive a power cut: content first, then the directory that names them. Never for a file that SQLite has open in this process.
/// </summary>
internal static partial class DurableFile
{
    /// <summary>Waits until the file's content is on disk.</summary>
    public static void Flush(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Gives the file its name, and waits until that is on disk.</summary>
    public static void Rename(string from, string to, bool overwrite = false)
    {
        File.Move(from, to, overwrite);
        // Windows writes its directories through by itself, and opens none.
        if (!OperatingSystem.IsWindows())
            FlushDirectory(Path.GetDirectoryName(to)!);
    }

    [UnsupportedOSPlatform("windows")]
    private static void FlushDirectory(string path)
    {
        const int ReadOnly = 0;
        using var handle = new SafeFileHandle(OpenDescriptor(path, ReadOnly), ownsHandle: true);
        if (handle.IsInvalid || Synchronize(handle) != 0)
            throw new IOException($"The directory {path} cannot be synchronised (errno {Marshal.GetLastPInvokeError()}).");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(SafeFileHandle handle);
}
