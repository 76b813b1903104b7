using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// A connection for reading that stays open while nobody reads, so that the next look at an unchanged database need not open the file and read its
/// schema anew. It is given out again only while file and write-ahead log are as they were before it was opened: where anybody has written, moved or
/// replaced one, it is closed, and a new one sees what is there now. Thread-safe.
/// </summary>
internal sealed class KeptReader(string path)
{
    private Idle? _idle;
    private volatile bool _isOn;

    /// <summary>Whether connections are kept; turning it off closes the one that is. Default false.</summary>
    public bool IsOn
    {
        get => _isOn;
        set
        {
            _isOn = value;
            if (!value)
                Close();
        }
    }

    /// <summary>
    /// How file and log look now. To be asked for before <see cref="Take"/> and before a connection is opened: a file that takes another's place
    /// after that looks different.
    /// </summary>
    public Touched Look() => Touched.Look(path);

    /// <summary>The connection, if there is one and all looks as it did for it; null: open another. Whoever gets it owns it.</summary>
    /// <param name="now">How it looks now.</param>
    public SqliteConnection? Take(Touched now)
    {
        if (Interlocked.Exchange(ref _idle, null) is not { } idle)
            return null;
        if (idle.Seen == now)
            return idle.Connection;
        idle.Connection.Dispose();
        return null;
    }

    /// <summary>Takes a connection back; one that is there already makes way.</summary>
    /// <param name="connection">Open, and in no transaction.</param>
    /// <param name="seen">How it looked before the connection was opened or taken.</param>
    public void Return(SqliteConnection connection, Touched seen)
    {
        Interlocked.Exchange(ref _idle, new Idle(connection, seen))?.Connection.Dispose();
        // Turned off meanwhile.
        if (!_isOn)
            Close();
    }

    /// <summary>Closes the connection, if it is not in use.</summary>
    public void Close() => Interlocked.Exchange(ref _idle, null)?.Connection.Dispose();

    private sealed record Idle(SqliteConnection Connection, Touched Seen);

    /// <summary>What tells that somebody wrote, or put another file there. Commits that leave all of it alone are noticed by SQLite itself, in the log's index.</summary>
    internal readonly record struct Touched(long Length, DateTime At, DateTime Made, long LogLength, DateTime LogAt)
    {
        // Attributes are looked at by name: opening the files would cost this process its locks on them.
        public static Touched Look(string path)
        {
            var (file, log) = (new FileInfo(path), new FileInfo(path + "-wal"));
            // An empty log is as good as none: the first connection to open a file makes one, and the last to close it takes it away.
            var logged = log.Exists ? log.Length : 0;
            return new Touched(file.Exists ? file.Length : -1, file.LastWriteTimeUtc, file.CreationTimeUtc, logged, logged == 0 ? default : log.LastWriteTimeUtc);
        }
    }
}
