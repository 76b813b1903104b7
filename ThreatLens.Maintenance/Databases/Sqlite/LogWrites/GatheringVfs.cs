using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
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

    // SQLITE_FCNTL_JOURNAL_POINTER of sqlite3.h.
    private const int JournalPointer = 28;

    // Once for the process, and never taken back: connections refer to it.
    private static readonly Lazy<bool> Registered = new(Register);

    /// <summary>The VFS under whose name connections are opened; null when this SQLite has none that can be wrapped.</summary>
    public static string? Name => Registered.Value ? VfsName : null;

    internal static SqliteVfs* Parent { get; private set; }

    /// <summary>From now on, whenever a transaction of this connection is undone, by whomever, what is gathered of it is dropped.</summary>
    public static void DiscardWhenUndone(SqliteConnection connection)
    {
        // The bare handle: SQLite also undoes while it closes the connection, when the safe one may no longer be used.
        var handle = connection.Handle!.DangerousGetHandle();
        raw.sqlite3_rollback_hook(connection.Handle, _ => Discard(handle), null);
    }

    /// <summary>Drops what is gathered of the connection's open transaction, which must then be undone.</summary>
    public static void Discard(SqliteConnection connection) => Discard(connection.Handle!.DangerousGetHandle());

    private static void Discard(nint connection)
    {
        SqliteFile* log = null;
        // In WAL mode, SQLite's journal is the log.
        if (FileControl(connection, "main", JournalPointer, &log) == raw.SQLITE_OK)
            GatheredLog.Discard(log);
    }

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

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(nint connection, string database, int operation, SqliteFile** result);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int RegisterVfs(SqliteVfs* vfs, int makeDefault);
}
