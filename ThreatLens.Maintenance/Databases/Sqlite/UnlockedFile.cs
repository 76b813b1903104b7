using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// Reads a small file that another may hold locked. .NET's own file API cannot: on Unix it takes a shared flock for every open, which fails
/// beside an exclusive one and could itself make another's attempt to lock fail.
/// </summary>
internal static partial class UnlockedFile
{
    private const int LargestFile = 64 * 1024;

    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        using var handle = OperatingSystem.IsWindows()
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
            : OpenUnix(path);
        var buffer = new byte[LargestFile];
        var length = RandomAccess.Read(handle, buffer, fileOffset: 0);
        return buffer[..length];
    }

    [UnsupportedOSPlatform("windows")]
    private static SafeFileHandle OpenUnix(string path)
    {
        const int ReadOnly = 0;
        var closeOnExec = OperatingSystem.IsLinux() ? 0x80000 : 0x1000000;
        var descriptor = OpenDescriptor(path, ReadOnly | closeOnExec);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path} cannot be opened (errno {Marshal.GetLastPInvokeError()}).");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenDescriptor(string path, int flags);
}
