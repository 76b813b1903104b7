using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite.LogWrites;

/// <summary>
/// A write-ahead log as one connection has it open. What is written end to end is gathered and goes to the system in large pieces: at the
/// latest with the sync that SQLite asks for before it tells anybody of a commit, so that nobody can look for what is not there yet. That
/// sync is asked for with <c>synchronous=FULL</c> only; other connections must not use this.
/// </summary>
/// <remarks>
/// A piece that could not be written fails everything after it, until the file is closed: what SQLite takes for written would be missing
/// from a later commit. Called by SQLite, under the connection's lock; nothing here throws.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GatheredLog
{
    // Fifteen pages a piece; more makes no difference. SQLite's VFS for Unix takes less than 128 KiB in one write.
    private const int Capacity = 64 * 1024;

    private static readonly SqliteFileMethods* Methods = MakeMethods();

    private SqliteFile _head;
    private byte* _gathered;
    private long _begin;
    private int _length;
    private int _failure;

    /// <summary>Bytes before the wrapped file, which follows in the same memory.</summary>
    public static int HeadSize => sizeof(GatheredLog);

    public static int Open(SqliteVfs* parent, byte* name, GatheredLog* log, int flags, int* flagsOut)
    {
        *log = default;
        var opened = parent->Open(parent, name, Wrapped(log), flags, flagsOut);
        if (opened != raw.SQLITE_OK)
            return opened;
        log->_gathered = (byte*)NativeMemory.Alloc(Capacity);
        log->_head.Methods = Methods;
        return raw.SQLITE_OK;
    }

    /// <summary>
    /// Drops what an undone transaction has left: once its lock is gone, another connection's commit may stand where it would be written.
    /// Nothing of a commit is lost with it: that was synced. Any other file is left alone.
    /// </summary>
    public static void Discard(SqliteFile* file)
    {
        if (file is not null && file->Methods == Methods)
            ((GatheredLog*)file)->_length = 0;
    }

    private static SqliteFile* Wrapped(GatheredLog* log) => (SqliteFile*)(log + 1);

    private static SqliteFileMethods* MakeMethods()
    {
        var methods = (SqliteFileMethods*)NativeMemory.AllocZeroed((nuint)sizeof(SqliteFileMethods));
        methods->Version = 1;
        methods->Close = &Close;
        methods->Read = &Read;
        methods->Write = &Write;
        methods->Truncate = &Truncate;
        methods->Sync = &Sync;
        methods->FileSize = &FileSize;
        methods->Lock = &Lock;
        methods->Unlock = &Lock;
        methods->CheckReservedLock = &CheckReservedLock;
        methods->FileControl = &FileControl;
        methods->SectorSize = &SectorSize;
        methods->DeviceCharacteristics = &DeviceCharacteristics;
        return methods;
    }

    /// <summary>Hands over what is gathered.</summary>
    private static int PassOn(GatheredLog* log)
    {
        if (log->_failure == raw.SQLITE_OK && log->_length > 0)
            log->_failure = Wrapped(log)->Methods->Write(Wrapped(log), log->_gathered, log->_length, log->_begin);
        log->_length = 0;
        return log->_failure;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(SqliteFile* file, byte* bytes, int count, long at)
    {
        var log = (GatheredLog*)file;
        var follows = at == log->_begin + log->_length && count <= Capacity - log->_length;
        if (!follows && PassOn(log) is not raw.SQLITE_OK and var failure)
            return failure;
        if (count > Capacity)
            return log->_failure = Wrapped(log)->Methods->Write(Wrapped(log), bytes, count, at);
        if (log->_length == 0)
            log->_begin = at;
        Unsafe.CopyBlockUnaligned(log->_gathered + log->_length, bytes, (uint)count);
        log->_length += count;
        return log->_failure;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(SqliteFile* file, int flags)
    {
        var failure = PassOn((GatheredLog*)file);
        return failure != raw.SQLITE_OK ? failure : Wrapped((GatheredLog*)file)->Methods->Sync(Wrapped((GatheredLog*)file), flags);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(SqliteFile* file, byte* bytes, int count, long at)
    {
        // Pages that a large transaction wrote before its end are read again by it.
        var failure = PassOn((GatheredLog*)file);
        return failure != raw.SQLITE_OK ? failure : Wrapped((GatheredLog*)file)->Methods->Read(Wrapped((GatheredLog*)file), bytes, count, at);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(SqliteFile* file, long size)
    {
        var failure = PassOn((GatheredLog*)file);
        return failure != raw.SQLITE_OK ? failure : Wrapped((GatheredLog*)file)->Methods->Truncate(Wrapped((GatheredLog*)file), size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(SqliteFile* file, long* size)
    {
        var failure = PassOn((GatheredLog*)file);
        return failure != raw.SQLITE_OK ? failure : Wrapped((GatheredLog*)file)->Methods->FileSize(Wrapped((GatheredLog*)file), size);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(SqliteFile* file)
    {
        var log = (GatheredLog*)file;
        // What is left was never synced, and belongs to no commit.
        NativeMemory.Free(log->_gathered);
        log->_gathered = null;
        return Wrapped(log)->Methods->Close(Wrapped(log));
    }

    // Nobody locks a log: its locks are the database file's.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(SqliteFile* file, int level) => raw.SQLITE_OK;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(SqliteFile* file, int* isReserved)
    {
        *isReserved = 0;
        return raw.SQLITE_OK;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(SqliteFile* file, int operation, void* argument) =>
        Wrapped((GatheredLog*)file)->Methods->FileControl(Wrapped((GatheredLog*)file), operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(SqliteFile* file) => Wrapped((GatheredLog*)file)->Methods->SectorSize(Wrapped((GatheredLog*)file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(SqliteFile* file) =>
        Wrapped((GatheredLog*)file)->Methods->DeviceCharacteristics(Wrapped((GatheredLog*)file));
}
