using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>A connection in a transaction that only reads: all of it is as of the same commit. Not thread-safe.</summary>
internal sealed class SqliteSnapshot : IDisposable
{
    private readonly KeptReader? _keeper;
    private readonly KeptReader.Touched _seen;

    /// <param name="connection">Open; its transaction begins here, with the first look at the file.</param>
    /// <param name="keeper">Gets the connection afterwards; null: it is closed.</param>
    /// <param name="seen">How the file looked to the keeper before the connection was opened or taken.</param>
    /// <exception cref="SqliteException">The file is no database, or cannot be read.</exception>
    public SqliteSnapshot(SqliteConnection connection, KeptReader? keeper, KeptReader.Touched seen)
    {
        (Connection, _keeper, _seen) = (connection, keeper, seen);
        connection.RunToEnd("BEGIN");
        // Reading one number of the header tells now, not later, whether the file is a database.
        connection.RunToEnd("PRAGMA schema_version");
    }

    /// <summary>To be read with, and not to be disposed.</summary>
    public SqliteConnection Connection { get; }

    public void Dispose()
    {
        if (_keeper is null || !TryEnd())
            Connection.Dispose();
        else
            _keeper.Return(Connection, _seen);
    }

    private bool TryEnd()
    {
        try
        {
            Connection.RunToEnd("COMMIT");
            return true;
        }
        catch (SqliteException)
        {
            // Closing it ends the transaction, too.
            return false;
        }
    }
}
