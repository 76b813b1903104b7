using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// statx(2): .NET has no way to ask for an inode. Its structure is the same on every Linux architecture, unlike that of stat(2).
/// </summary>
internal static partial class LinuxFileStatus
{
    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const uint Wanted = 0x1 | 0x4 | 0x100 | 0x800;
    private const uint HasBirth = 0x800;
    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;

    /// <summary>Status of the file at a path, links followed; null when there is none or it cannot be asked.</summary>
    public static FileStatus? Of(string path) =>
        Statx(CurrentDirectory, path, 0, Wanted, out var status) == 0 ? status.Value : null;

    /// <summary>Status of an open file; null when it cannot be asked.</summary>
    public static FileStatus? Of(SafeFileHandle file) =>
        Statx(file, "", EmptyPath, Wanted, out var status) == 0 ? status.Value : null;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out StatxBuffer status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, out StatxBuffer status);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(80)]
        public long BirthSeconds;

        [FieldOffset(88)]
        public uint BirthNanoseconds;

        public readonly FileStatus Value => new(
            (Mode & TypeMask) == RegularFile,
            new FileIdentity(Inode, (Mask & HasBirth) == 0 ? 0 : (BirthSeconds * 1_000_000_000) + BirthNanoseconds),
            Links == 0);
    }
}
