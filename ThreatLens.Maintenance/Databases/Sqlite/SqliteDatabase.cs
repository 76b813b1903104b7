using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite.LogWrites;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// One SQLite database file: opens connections to it with the right settings, and says in this service's terms why it cannot.
/// The file, its -wal and its -shm are only ever opened by SQLite: closing any other descriptor of them would drop this process's
/// POSIX locks. Thread-safe; the connections it returns are not.
/// </summary>
public sealed class SqliteDatabase
{
    private readonly SqliteConnectionSettings _settings;
    private readonly SqliteSynchronous _synchronous;
    private readonly long _maxBytes;
    private readonly string _reading;
    private readonly KeptReader _keptReader;

    /// <summary>Checks the settings; touches no file.</summary>
    /// <param name="options">Where the database is and how it is opened.</param>
    /// <param name="time">The clock for everything that works on this database.</param>
    /// <exception cref="MaintenanceException">DATABASE_CONFIGURATION_INVALID: no file, an in-memory database, a setting out of range.</exception>
    public SqliteDatabase(SqliteDatabaseOptions options, TimeProvider time)
    {
        _settings = SqliteConnectionSettings.Parse(options);
        _synchronous = options.Synchronous;
        _maxBytes = options.MaxBytes;
        _reading = _settings.For(SqliteOpenMode.ReadOnly);
        _keptReader = new KeptReader(Path);
        Time = time;
        Slow = new SlowStatements(time);
    }

    /// <summary>Absolute path of the database file.</summary>
    public string Path => _settings.Path;

    /// <summary>File name without its directory; what traces call the database.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Path of the sidecar file that <see cref="MaintenanceLock"/> locks.</summary>
    public string LockPath => Path + ".maintenance.lock";

    /// <summary>The queue in which this process's writers take turns.</summary>
    public WriteGate WriteGate { get; } = new();

    /// <summary>Which statements took long.</summary>
    public SlowStatements Slow { get; }

    /// <summary>Whether the database file exists.</summary>
    public bool FileExists => File.Exists(Path);

    /// <summary>Length of the database file, bytes; 0 when there is none, as when it left a moment ago.</summary>
    public long FileBytes => LengthOf(Path);

    /// <summary>Length of the write-ahead log, bytes; 0 when there is none.</summary>
    public long LogBytes => LengthOf(Path + "-wal");

    /// <summary>What the database may grow to, bytes; 0: no limit but the disk's.</summary>
    public long MaxBytes => _maxBytes;

    /// <summary>
    /// Whether a reader stays open between two looks at the status, so that those which find nothing written since the last cost next to nothing. For
    /// processes that go on; setting it to false closes the reader, which else would keep the last writer from emptying the write-ahead log
    /// when it closes. Default false: nothing is open while nothing is done.
    /// </summary>
    public bool KeepsReader
    {
        get => _keptReader.IsOn;
        set => _keptReader.IsOn = value;
    }

    /// <summary>How long a statement waits for another connection's lock.</summary>
    public TimeSpan BusyTimeout => _settings.BusyTimeout;

    /// <summary>The clock for everything that works on this database.</summary>
    internal TimeProvider Time { get; }

    private string Writing => field ??= _settings.For(_settings.Mode);

    /// <summary>
    /// Opens the database for reading only. Never creates or changes the main file (a database in WAL mode gets its -wal and -shm).
    /// </summary>
    /// <returns>An open connection; the caller disposes it.</returns>
    /// <exception cref="MaintenanceException">DATABASE_DIRECTORY_MISSING, DATABASE_MISSING, DATABASE_UNREADABLE, NOT_A_DATABASE, DATABASE_LOCKED and others.</exception>
    public SqliteConnection OpenReader() => TryOpenReader() ?? throw MissingFile();

    /// <summary>
    /// Opens the database for writing, and creates it (with auto_vacuum=INCREMENTAL) when there is none. The connection is in WAL mode, with
    /// foreign keys off. Creates no directory.
    /// </summary>
    /// <returns>An open connection; the caller disposes it.</returns>
    /// <exception cref="MaintenanceException">
    /// DATABASE_READ_ONLY, DATABASE_DIRECTORY_MISSING, DATABASE_UNREADABLE, NOT_A_DATABASE, DATABASE_LOCKED and others; the file is as it was.
    /// </exception>
    public SqliteConnection OpenWriter() => OpenWriter(Writing);

    /// <summary>Like <see cref="OpenWriter()"/>, for whoever writes much in each transaction: the pages reach the log in few, large writes.</summary>
    internal SqliteConnection OpenBulkWriter()
    {
        if (_synchronous != SqliteSynchronous.Full || GatheringVfs.Name is not { } vfs)
            return OpenWriter();
        var connection = OpenWriter(_settings.For(_settings.Mode, vfs));
        GatheringVfs.DiscardWhenUndone(connection);
        return connection;
    }

    /// <summary>Another file, opened as this one is: a copy of the database.</summary>
    internal SqliteDatabase At(string path) => new(
        new SqliteDatabaseOptions
        {
            ConnectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite }.ToString(),
            BusyTimeout = BusyTimeout,
            Synchronous = _synchronous,
        },
        Time);

    /// <summary>Like <see cref="OpenReader"/>, but null when there is no file.</summary>
    internal SqliteConnection? TryOpenReader() => TryOpenReading(static connection => connection.Pragma("schema_version"));

    /// <summary>Like <see cref="TryOpenReader"/>, within a transaction: all that is read is as of the same commit, and the lock is taken once.</summary>
    internal SqliteSnapshot? TryOpenSnapshot()
    {
        var keeper = KeepsReader ? _keptReader : null;
        var seen = keeper?.Look() ?? default;
        if (keeper?.Take(seen) is { } kept)
            return Begin(kept, keeper, seen);
        return TryOpenReading(static _ => { }) is { } opened ? Begin(opened, keeper, seen) : null;
    }

    /// <summary>Refuses a database that says it must not be written; looks at the settings and the file's attributes only.</summary>
    /// <exception cref="MaintenanceException">DATABASE_READ_ONLY.</exception>
    public void RefuseReadOnly()
    {
        if (_settings.Mode == SqliteOpenMode.ReadOnly)
            throw ReadOnly("the connection string says Mode=ReadOnly");
        // The attribute is looked at because root may write a file that says it must not be written.
        if (FileExists && File.GetAttributes(Path).HasFlag(FileAttributes.ReadOnly))
            throw ReadOnly("the file is marked read-only (chmod u+w, if it may be changed)");
    }

    /// <summary>
    /// Like <see cref="TryOpenSnapshot()"/>, for those who would rather hear at once that somebody holds the database. The driver's own waiting, a second at
    /// least, is left out. A file that is not in WAL mode yet is opened without a transaction.
    /// </summary>
    /// <param name="patience">How long to wait for a lock.</param>
    internal SqliteConnection? TryOpenSnapshot(TimeSpan patience) => TryOpenReading(connection =>
    {
        _ = raw.sqlite3_busy_timeout(connection.Handle, (int)patience.TotalMilliseconds);
        var code = raw.sqlite3_exec(connection.Handle, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1");
        if (code != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(connection.Handle).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(connection.Handle));
        // Outside WAL mode (a new file, one of the original's) readers and writers wait for each other: the writer that brings the mode would wait for this
        // reader, and whatever else this reader's thread opens meanwhile for the writer. There each look is as of its own commit.
        if (connection.Pragma("journal_mode") is not "wal")
            _ = raw.sqlite3_exec(connection.Handle, "COMMIT");
    });

    /// <summary>Says in this service's terms what SQLite reported.</summary>
    /// <param name="e">What SQLite reported.</param>
    /// <param name="doing">What was being done, to follow "while": "reading the history".</param>
    /// <returns>
    /// DATABASE_LOCKED (with a retry hint), DATABASE_FULL, DATABASE_READ_ONLY, NOT_A_DATABASE, DATABASE_CORRUPT, DATABASE_UNREADABLE;
    /// INTERNAL for a statement that is itself wrong.
    /// </returns>
    public MaintenanceException Translate(SqliteException e, string doing) => SqliteErrors.Translate(Path, e, doing);

    private SqliteConnection OpenWriter(string connectionString)
    {
        _keptReader.Close();
        RefuseUnusablePlace();
        RefuseReadOnly();
        if (_settings.Mode == SqliteOpenMode.ReadWrite && !FileExists)
            throw MissingFile();
        return Open(connectionString, PrepareForWriting, "opening it for writing");
    }

    private SqliteSnapshot Begin(SqliteConnection connection, KeptReader? keeper, KeptReader.Touched seen)
    {
        try
        {
            return new SqliteSnapshot(connection, keeper, seen);
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Translate(e, "opening it for reading");
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private SqliteConnection? TryOpenReading(Action<SqliteConnection> begin)
    {
        // Reading one number of the header tells now, not later, whether the file is a database.
        if (FileExists)
            return Open(_reading, begin, "opening it for reading");
        RefuseUnusablePlace();
        return null;
    }

    private SqliteConnection Open(string connectionString, Action<SqliteConnection> prepare, string doing)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            _ = raw.sqlite3_busy_timeout(connection.Handle, (int)BusyTimeout.TotalMilliseconds);
            prepare(connection);
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Translate(e, doing);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void PrepareForWriting(SqliteConnection connection)
    {
        // SQLite falls back to reading when the system forbids writing, and would only say so at the first write.
        if (raw.sqlite3_db_readonly(connection.Handle, "main") == 1)
            throw ReadOnly("the system does not permit writing the file");

        if (connection.Pragma("page_count") is 0L)
            MakeFirstPage(connection);
        if (_maxBytes > 0)
            connection.Pragma($"max_page_count = {_maxBytes / (long)connection.Pragma("page_size")!}");
        connection.Pragma(_synchronous == SqliteSynchronous.Full ? "synchronous = FULL" : "synchronous = NORMAL");
        connection.Pragma("journal_mode = WAL", Math.Max(1, (int)Math.Ceiling(BusyTimeout.TotalSeconds)));
    }

    // Only before the first page is written can auto_vacuum be chosen, and choosing it writes that page. There is nothing to lose yet: no
    // journal has to be on disk, and the disk is waited for once, when the journal mode is written to the same page.
    private static void MakeFirstPage(SqliteConnection connection)
    {
        try
        {
            connection.Pragma("journal_mode = MEMORY");
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY)
        {
            // Another process has just made the file, and has it open in WAL mode.
            return;
        }

        connection.Pragma("synchronous = OFF");
        connection.Pragma("auto_vacuum = INCREMENTAL");
    }

    private void RefuseUnusablePlace()
    {
        var directory = System.IO.Path.GetDirectoryName(Path);
        if (directory is not null && !Directory.Exists(directory))
            throw Refused(ErrorReasons.DatabaseDirectoryMissing, $"The directory {directory} of the database does not exist; create it, or correct the connection string.");
        if (Directory.Exists(Path))
            throw Refused(ErrorReasons.DatabaseUnreadable, $"{Path} is a directory, not a database file.");
    }

    private MaintenanceException MissingFile() => Refused(ErrorReasons.DatabaseMissing, $"The database file {Path} does not exist.");

    private MaintenanceException ReadOnly(string why) =>
        Refused(ErrorReasons.DatabaseReadOnly, $"The database {Path} cannot be changed: {why}.");

    private MaintenanceException Refused(string reason, string message) =>
        new(ErrorKind.FailedPrecondition, reason, message) { Metadata = new Dictionary<string, string> { ["path"] = Path } };
}
