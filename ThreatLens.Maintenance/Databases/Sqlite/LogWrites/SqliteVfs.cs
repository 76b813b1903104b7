using System.Runtime.InteropServices;

namespace ThreatLens.Maintenance.Databases.Sqlite.LogWrites;

/// <summary><c>sqlite3_vfs</c> of sqlite3.h, version 3: how SQLite reaches the system. What is not called from here is carried along as it is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteVfs
{
    public int Version;
    public int FileSize;
    public int MaxPath;
    public SqliteVfs* Next;
    public byte* Name;
    public nint AppData;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, SqliteFile*, int, int*, int> Open;
    private readonly nint _delete;
    private readonly nint _access;
    private readonly nint _fullPathname;
    private readonly nint _dlOpen;
    private readonly nint _dlError;
    private readonly nint _dlSym;
    private readonly nint _dlClose;
    private readonly nint _randomness;
    private readonly nint _sleep;
    private readonly nint _currentTime;
    private readonly nint _getLastError;
    private readonly nint _currentTimeInt64;
    private readonly nint _setSystemCall;
    private readonly nint _getSystemCall;
    private readonly nint _nextSystemCall;
}

/// <summary><c>sqlite3_file</c>: the head of every open file, before what belongs to its VFS.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteFile
{
    public SqliteFileMethods* Methods;
}

/// <summary><c>sqlite3_io_methods</c>, version 1: all that SQLite does with a write-ahead log.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteFileMethods
{
    public int Version;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> Close;
    public delegate* unmanaged[Cdecl]<SqliteFile*, byte*, int, long, int> Read;
    public delegate* unmanaged[Cdecl]<SqliteFile*, byte*, int, long, int> Write;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long, int> Truncate;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Sync;
    public delegate* unmanaged[Cdecl]<SqliteFile*, long*, int> FileSize;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Lock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, int> Unlock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int*, int> CheckReservedLock;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int, void*, int> FileControl;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> SectorSize;
    public delegate* unmanaged[Cdecl]<SqliteFile*, int> DeviceCharacteristics;
}
