using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// A write transaction that has the write lock from its beginning, so that what it reads first stays true until it commits.
/// Disposing it without <see cref="Commit"/> undoes everything. Not thread-safe.
/// </summary>
internal sealed class ImmediateTransaction : IDisposable
{
    private readonly SqliteConnection _connection;

    private ImmediateTransaction(SqliteConnection connection) => _connection = connection;

    /// <summary>Whether SQLite is still in the transaction; some failures, and <c>ON CONFLICT ROLLBACK</c>, end it by themselves.</summary>
    public bool IsOpen => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <exception cref="SqliteException">Another connection kept the write lock for longer than the busy timeout.</exception>
    public static ImmediateTransaction Begin(SqliteConnection connection)
    {
        connection.Execute("BEGIN IMMEDIATE");
        return new ImmediateTransaction(connection);
    }

    /// <summary>Begins another transaction after a commit, for the same owner.</summary>
    /// <exception cref="SqliteException">Another connection kept the write lock for longer than the busy timeout.</exception>
    public void BeginAgain() => _connection.Execute("BEGIN IMMEDIATE");

    public void Commit() => _connection.RunToEnd("COMMIT");

    public void Dispose()
    {
        if (!IsOpen)
            return;
        try
        {
            _connection.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // An error is already on its way to the caller; closing the connection undoes the transaction too.
        }
    }
}
