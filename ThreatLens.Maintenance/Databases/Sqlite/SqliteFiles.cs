using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// Works on the files that a connection has open, over SQLite's own handles (<c>SQLITE_FCNTL_FILE_POINTER</c> and the methods of the
/// file it returns). Opening them a second time and closing that would drop the process's locks. Only on the thread that uses the connection.
/// </summary>
internal sealed unsafe partial class SqliteFiles
{
    private const int FilePointer = 7;
    private const int JournalPointer = 28;
    private const int SyncNormal = 2;
    private readonly nint _main;
    private readonly nint _log;

    public SqliteFiles(SqliteConnection connection)
    {
        _main = Pointer(connection, FilePointer);
        _log = Pointer(connection, JournalPointer);
    }

    /// <summary>Fills the buffer from the main file; false when the file ends before.</summary>
    public bool TryReadMain(Span<byte> buffer, long offset) => TryRead(_main, buffer, offset);

    /// <summary>Fills the buffer from the write-ahead log; false when the file ends before, or is none.</summary>
    public bool TryReadLog(Span<byte> buffer, long offset) => TryRead(_log, buffer, offset);

    /// <summary>Waits until what was written to the main file is on disk.</summary>
    /// <exception cref="SqliteException">The disk refused: told once only, so that nobody may take it for done.</exception>
    public void SyncMain()
    {
        var methods = Methods(_main);
        if (methods == 0)
            return;
        var code = ((delegate* unmanaged[Cdecl]<nint, int, int>)((nint*)methods)[5])(_main, SyncNormal);
        if (code != SQLitePCL.raw.SQLITE_OK)
            throw new SqliteException("The database file could not be written to disk.", code & 0xff, code);
    }

    // sqlite3_file begins with a pointer to its methods: a version number, then xClose, xRead, xWrite, xTruncate, xSync (https://sqlite.org/c3ref/io_methods.html).
    private static bool TryRead(nint file, Span<byte> buffer, long offset)
    {
        var methods = Methods(file);
        if (methods == 0)
            return false;
        var read = (delegate* unmanaged[Cdecl]<nint, byte*, int, long, int>)((nint*)methods)[2];
        fixed (byte* bytes = buffer)
            return read(file, bytes, buffer.Length, offset) == SQLitePCL.raw.SQLITE_OK;
    }

    private static nint Methods(nint file) => file == 0 ? 0 : *(nint*)file;

    private static nint Pointer(SqliteConnection connection, int what)
    {
        nint file = 0;
        return FileControl(connection.Handle!.DangerousGetHandle(), "main", what, &file) == SQLitePCL.raw.SQLITE_OK ? file : 0;
    }

    // The managed binding leaves this function out.
    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(nint connection, string database, int what, void* argument);
}
