using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>One-line statements on a connection.</summary>
internal static class SqliteStatements
{
    /// <summary>Runs <c>PRAGMA text</c> and returns its first value; null when it has none.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="text">The pragma, from our own source only.</param>
    /// <param name="lockTimeout">
    /// For pragmas that take a lock without asking the busy handler (journal_mode does): how long the driver retries, in seconds.
    /// </param>
    public static object? Pragma(this SqliteConnection connection, string text, int? lockTimeout = null)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA " + text;
        command.CommandTimeout = lockTimeout ?? command.CommandTimeout;
        return command.ExecuteScalar();
    }

    /// <summary>Runs one statement that returns no rows.</summary>
    public static void Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.Prepare(sql, parameters);
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Runs one statement to its end, whatever rows it returns, without what the driver does around it: for those of scripts, and where nothing but
    /// the busy handler has to be waited for.
    /// </summary>
    /// <exception cref="SqliteException">What SQLite reports.</exception>
    public static void RunToEnd(this SqliteConnection connection, string sql)
    {
        var code = raw.sqlite3_prepare_v2(connection.Handle, sql, out var statement);
        using (statement)
        {
            while (code is raw.SQLITE_OK or raw.SQLITE_ROW)
                code = raw.sqlite3_step(statement);
            SqliteException.ThrowExceptionForRC(code, connection.Handle);
        }
    }

    /// <summary>Runs one query and returns its first value; null when it has none.</summary>
    public static object? Scalar(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.Prepare(sql, parameters);
        return command.ExecuteScalar();
    }

    /// <summary>Runs one query and returns the first column of its rows.</summary>
    public static List<string> Texts(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = connection.Prepare(sql, parameters);
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read())
            texts.Add(reader.GetString(0));
        return texts;
    }

    /// <summary>Whether there is a table of that name, in any case; a view is none. Asks the schema that SQLite holds in memory.</summary>
    public static bool HasTable(this SqliteConnection connection, string table) => Knows(connection, table, column: null);

    /// <summary>Whether there is a table of that name with a column of that name, in any case; a view is none.</summary>
    public static bool HasColumn(this SqliteConnection connection, string table, string column) => Knows(connection, table, column);

    private static bool Knows(SqliteConnection connection, string table, string? column) =>
        raw.sqlite3_table_column_metadata(connection.Handle, "main", table, column, out _, out _, out _, out _, out _) == raw.SQLITE_OK;

    private static SqliteCommand Prepare(this SqliteConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
