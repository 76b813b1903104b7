using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>
/// Reads bytes of the files that a connection has open, over SQLite's own handles (<c>SQLITE_FCNTL_FILE_POINTER</c> and the read method of the
/// file it returns). Opening them a second time and closing that would drop the process's locks. Only on the thread that uses the connection.
/// </summary>
internal sealed unsafe partial class SqliteFiles
{
    private const int FilePointer = 7;
    private const int JournalPointer = 28;
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

    // sqlite3_file begins with a pointer to its methods: a version number, then xClose, then xRead (https://sqlite.org/c3ref/io_methods.html).
    private static bool TryRead(nint file, Span<byte> buffer, long offset)
    {
        var methods = file == 0 ? 0 : *(nint*)file;
        if (methods == 0)
            return false;
        var read = (delegate* unmanaged[Cdecl]<nint, byte*, int, long, int>)((nint*)methods)[2];
        fixed (byte* bytes = buffer)
            return read(file, bytes, buffer.Length, offset) == SQLitePCL.raw.SQLITE_OK;
    }

    private static nint Pointer(SqliteConnection connection, int what)
    {
        nint file = 0;
        return FileControl(connection.Handle!.DangerousGetHandle(), "main", what, &file) == SQLitePCL.raw.SQLITE_OK ? file : 0;
    }

    // The managed binding leaves this function out.
    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileControl(nint connection, string database, int what, void* argument);
}
