using System.Diagnostics;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// One short visit to the database: a connection, for writers a transaction, and statements that are traced. SQLite's errors leave as
/// <see cref="Errors.MaintenanceException"/>.
/// </summary>
internal sealed class SqliteSession
{
    private readonly SqliteDatabase _database;
    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction? _transaction;

    private SqliteSession(SqliteDatabase database, SqliteConnection connection, SqliteTransaction? transaction)
    {
        _database = database;
        _connection = connection;
        _transaction = transaction;
    }

    /// <summary>The connection, within the visit's transaction.</summary>
    public SqliteConnection Connection => _connection;

    /// <summary>Reads, in one consistent snapshot.</summary>
    /// <param name="database">Where.</param>
    /// <param name="doing">What for, to complete "… while …" in an error.</param>
    /// <param name="read">The reading.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    public static T Read<T>(SqliteDatabase database, string doing, Func<SqliteSession, T> read, CancellationToken cancellationToken = default)
    {
        try
        {
            using var connection = database.OpenReader();
            using var interrupt = connection.InterruptOn(cancellationToken);
            using var transaction = connection.BeginTransaction(deferred: true);
            return read(new SqliteSession(database, connection, transaction));
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, doing);
        }
    }

    /// <summary>Reads in a snapshot that is open already.</summary>
    /// <param name="database">Where.</param>
    /// <param name="snapshot">A connection within a transaction; the caller disposes it.</param>
    public static SqliteSession On(SqliteDatabase database, SqliteConnection snapshot) => new(database, snapshot, null);

    /// <summary>Writes, in this process's order of writers and in one transaction, committed when <paramref name="write"/> returns.</summary>
    /// <param name="database">Where.</param>
    /// <param name="doing">What for, to complete "… while …" in an error.</param>
    /// <param name="write">The writing; an exception rolls it back.</param>
    /// <param name="cancellationToken">Gives up waiting for other writers.</param>
    public static T Write<T>(SqliteDatabase database, string doing, Func<SqliteSession, T> write, CancellationToken cancellationToken = default)
    {
        using var turn = database.WriteGate.Enter(cancellationToken);
        try
        {
            using var connection = database.OpenWriter();
            using var transaction = connection.BeginTransaction(deferred: false);
            var result = write(new SqliteSession(database, connection, transaction));
            transaction.Commit();
            return result;
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, doing);
        }
    }

    /// <summary>Runs a statement and tells how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return Traced(sql, command.ExecuteNonQuery);
    }

    /// <summary>Runs a query and maps its rows.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return Traced(sql, () =>
        {
            var rows = new List<T>();
            using var reader = command.ExecuteReader();
            while (reader.Read())
                rows.Add(map(reader));
            return rows;
        });
    }

    /// <summary>Like <see cref="Query"/>, row by row as they are asked for: for more rows than are to be held at a time.</summary>
    public IEnumerable<T> Stream<T>(string sql, Func<SqliteDataReader, T> map, params (string Name, object? Value)[] parameters)
    {
        using var command = Command(sql, parameters);
        var caller = Activity.Current;
        using var span = StatementSpan.Start(_database, sql);
        // What the caller does between the rows is not part of the statement.
        Activity.Current = caller;
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return map(reader);
    }

    /// <summary>Whether there is a table of that name.</summary>
    public bool HasTable(string name) =>
        Query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $name", static _ => true, ("$name", name)).Count > 0;

    private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.Transaction = _transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private T Traced<T>(string sql, Func<T> run)
    {
        using var span = StatementSpan.Start(_database, sql);
        try
        {
            return run();
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }
}
