using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite.LogWrites;

/// <summary>
/// SQLite's own VFS, but for the write-ahead log, whose writes are gathered: SQLite writes every page of a commit with two calls to the
/// system, hundreds for a group of metrics, and they cost as much as the waiting for the disk does. See <see cref="GatheredLog"/>.
/// </summary>
internal static unsafe partial class GatheringVfs
{
    private const string VfsName = "threatlens-gathering";
    private const int KnownVersion = 3;

    // Once for the process, and never taken back: connections refer to it.
    private static readonly Lazy<bool> Registered = new(Register);

    /// <summary>The VFS under whose name connections are opened; null when this SQLite has none that can be wrapped.</summary>
    public static string? Name => Registered.Value ? VfsName : null;

    internal static SqliteVfs* Parent { get; private set; }

    private static bool Register()
    {
        Parent = Find(null);
        if (Parent is null || Parent->Version != KnownVersion)
            return false;
        var own = (SqliteVfs*)NativeMemory.AllocZeroed((nuint)sizeof(SqliteVfs));
        *own = *Parent;
        own->Name = (byte*)Marshal.StringToCoTaskMemUTF8(VfsName);
        own->FileSize = GatheredLog.HeadSize + Parent->FileSize;
        own->Open = &Open;
        return RegisterVfs(own, makeDefault: 0) == raw.SQLITE_OK;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(SqliteVfs* vfs, byte* name, SqliteFile* file, int flags, int* flagsOut) => (flags & raw.SQLITE_OPEN_WAL) != 0
        ? GatheredLog.Open(Parent, name, (GatheredLog*)file, flags, flagsOut)
        : Parent->Open(Parent, name, file, flags, flagsOut);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find", StringMarshalling = StringMarshalling.Utf8)]
    private static partial SqliteVfs* Find(string? name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int RegisterVfs(SqliteVfs* vfs, int makeDefault);
}
