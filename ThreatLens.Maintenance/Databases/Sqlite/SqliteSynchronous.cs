namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>How hard a commit waits for the disk (SQLite's <c>PRAGMA synchronous</c>).</summary>
public enum SqliteSynchronous
{
    /// <summary>Every commit is on disk when it returns: nothing committed is lost by a power cut. The default.</summary>
    Full,

    /// <summary>In WAL mode a power cut may lose the newest commits, never the database's consistency; a process crash loses nothing.</summary>
    Normal,
}
