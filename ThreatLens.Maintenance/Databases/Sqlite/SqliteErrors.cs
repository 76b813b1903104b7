using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>SQLite's result codes in the terms of this service.</summary>
internal static class SqliteErrors
{
    private static readonly TimeSpan LockRetry = TimeSpan.FromSeconds(1);

    // Somebody has to make room; asking more often does not help.
    private static readonly TimeSpan FullRetry = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether the failure comes from the file, the disk or another connection rather than from the statement: retrying, or mending
    /// the surroundings, can make the same statement succeed.
    /// </summary>
    public static bool IsEnvironmental(SqliteException e) => Describe(e) is not null;

    /// <summary>The error for a failure while doing something with the database at <paramref name="path"/>.</summary>
    public static MaintenanceException Translate(string path, SqliteException e, string doing)
    {
        if (Describe(e) is not (ErrorKind kind, string reason, string what))
        {
            return new MaintenanceException(
                ErrorKind.Internal, ErrorReasons.Internal, $"Failed while {doing}: {e.Message} (SQLite code {e.SqliteExtendedErrorCode}).", e);
        }

        return new MaintenanceException(kind, reason, $"The database {path} {what}, while {doing} (SQLite code {e.SqliteExtendedErrorCode}).", e)
        {
            RetryAfter = kind switch { ErrorKind.Unavailable => LockRetry, ErrorKind.ResourceExhausted => FullRetry, _ => null },
            Metadata = new Dictionary<string, string>
            {
                ["path"] = path,
                ["sqliteCode"] = e.SqliteExtendedErrorCode.ToString(System.Globalization.CultureInfo.InvariantCulture),
            },
        };
    }

    private static (ErrorKind Kind, string Reason, string What)? Describe(SqliteException e) => e.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL =>
            (ErrorKind.Unavailable, ErrorReasons.DatabaseLocked, "is locked by another connection or process"),
        raw.SQLITE_FULL =>
            (ErrorKind.ResourceExhausted, ErrorReasons.DatabaseFull, "cannot grow: the disk or the database's size limit is full"),
        raw.SQLITE_READONLY =>
            (ErrorKind.FailedPrecondition, ErrorReasons.DatabaseReadOnly, "cannot be written: the file or its directory is read-only"),
        raw.SQLITE_NOTADB =>
            (ErrorKind.FailedPrecondition, ErrorReasons.NotADatabase, "is not a SQLite database (or is an encrypted one); the file was not touched"),
        raw.SQLITE_CORRUPT =>
            (ErrorKind.DataLoss, ErrorReasons.DatabaseCorrupt, "is damaged; restore a backup"),
        raw.SQLITE_IOERR or raw.SQLITE_NOMEM =>
            (ErrorKind.Unavailable, ErrorReasons.DatabaseUnreadable, "could not be read or written: the system reported an error"),
        raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH or raw.SQLITE_NOLFS =>
            (ErrorKind.FailedPrecondition, ErrorReasons.DatabaseUnreadable, "cannot be opened: look at the permissions of the file and its directory"),
        _ => null,
    };
}
