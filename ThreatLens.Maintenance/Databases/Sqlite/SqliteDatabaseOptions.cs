using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>Where the SQLite database is and how it is opened.</summary>
public sealed class SqliteDatabaseOptions
{
    /// <summary>
    /// A Microsoft.Data.Sqlite connection string. Honoured: <c>Data Source</c> (a file path; a relative one is resolved once, against
    /// the working directory of the process), <c>Mode</c> (ReadOnly, ReadWrite, ReadWriteCreate; default ReadWriteCreate) and
    /// <c>Default Timeout</c> (whole seconds; when present it takes the place of <see cref="BusyTimeout"/>). In-memory databases are refused.
    /// </summary>
    [Required]
    public string ConnectionString { get; set; } = "";

    /// <summary>How long a statement waits for another connection's lock. 0 to 10 minutes; default 5 s; resolution 1 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00", ConvertValueInInvariantCulture = true, ParseLimitsInInvariantCulture = true)]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How hard a commit waits for the disk. Default <see cref="SqliteSynchronous.Full"/>.</summary>
    public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Full;

    /// <summary>
    /// Bytes that the database may grow to; beyond it writing fails with DATABASE_FULL, before the disk is full for everybody. The write-ahead
    /// log comes on top. A database that is larger already grows no more. 0: no limit, the default; else 1 MiB to 281 TB.
    /// </summary>
    [Range(0, 281_474_976_710_656)]
    public long MaxBytes { get; set; }
}
