using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>A connection string taken apart, checked once, and put together again for reading and for writing.</summary>
internal sealed record SqliteConnectionSettings(string Path, SqliteOpenMode Mode, TimeSpan BusyTimeout)
{
    private const long SmallestMaxBytes = 1024 * 1024;
    private static readonly TimeSpan LongestBusyTimeout = TimeSpan.FromMinutes(10);

    /// <exception cref="MaintenanceException">DATABASE_CONFIGURATION_INVALID: what cannot be used, and why.</exception>
    public static SqliteConnectionSettings Parse(SqliteDatabaseOptions options)
    {
        var builder = Read(options.ConnectionString);
        var source = builder.DataSource;
        if (string.IsNullOrWhiteSpace(source))
            throw Invalid("The connection string names no file: set 'Data Source' to the path of the database.");
        if (source.Contains(":memory:", StringComparison.OrdinalIgnoreCase) || builder.Mode == SqliteOpenMode.Memory)
            throw Invalid("An in-memory database cannot be maintained, since it ends with its connection: set 'Data Source' to the path of a file.");
        if (source.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            throw Invalid("'Data Source' must be a plain path, not a file: URI.");
        if (!string.IsNullOrEmpty(builder.Password))
            throw Invalid("'Password' is set, but the SQLite library in use cannot encrypt.");

        var busyTimeout = builder.ShouldSerialize("Default Timeout")
            ? TimeSpan.FromSeconds(builder.DefaultTimeout)
            : options.BusyTimeout;
        if (busyTimeout < TimeSpan.Zero || busyTimeout > LongestBusyTimeout)
            throw Invalid($"The busy timeout is {busyTimeout}; it must be from 0 to {LongestBusyTimeout}.");

        if (options.MaxBytes is < 0 or > 0 and < SmallestMaxBytes)
            throw Invalid($"Maintenance:Database:MaxBytes is {options.MaxBytes}; it must be 0 (no limit) or at least {SmallestMaxBytes}.");

        return new SqliteConnectionSettings(System.IO.Path.GetFullPath(source), builder.Mode, busyTimeout);
    }

    /// <summary>
    /// The connection string for one connection. Unpooled, so that disposing it closes the file and every open sets its pragmas itself.
    /// The driver's own waiting (its timeout, in steps of 150 ms) is kept at its minimum: SQLite's busy handler does the waiting.
    /// Foreign keys are off, because legacy data has orphans and the bundled SQLite has them on.
    /// </summary>
    /// <param name="mode">Reading or writing.</param>
    /// <param name="vfs">By which VFS SQLite reaches the file; null: its own.</param>
    public string For(SqliteOpenMode mode, string? vfs = null) => new SqliteConnectionStringBuilder
    {
        DataSource = vfs is null ? Path : $"file:{Uri.EscapeDataString(Path)}?vfs={vfs}",
        Mode = mode,
        Pooling = false,
        ForeignKeys = false,
        DefaultTimeout = 1,
    }.ToString();

    private static SqliteConnectionStringBuilder Read(string connectionString)
    {
        try
        {
            return new SqliteConnectionStringBuilder(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw Invalid($"The connection string cannot be read: {e.Message}", e);
        }
    }

    private static MaintenanceException Invalid(string message, Exception? cause = null) =>
        new(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseConfigurationInvalid, message, cause);
}
