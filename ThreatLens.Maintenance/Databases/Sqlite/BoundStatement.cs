using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// A statement that is prepared once and run for many rows, without what ADO.NET does around each run. Parameters are numbered from 1, columns from
/// 0. Not thread-safe.
/// </summary>
internal sealed class BoundStatement : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;

    /// <exception cref="SqliteException">The statement is wrong, or what it names is not there.</exception>
    public BoundStatement(SqliteConnection connection, string sql)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v3(connection.Handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    public void Bind(int parameter, long value) => Check(raw.sqlite3_bind_int64(_statement, parameter, value));

    public void Bind(int parameter, string value) => Check(raw.sqlite3_bind_text(_statement, parameter, value));

    /// <summary>Binds a text, or NULL for null.</summary>
    public void BindOptional(int parameter, string? value)
    {
        if (value is null)
            Check(raw.sqlite3_bind_null(_statement, parameter));
        else
            Bind(parameter, value);
    }

    /// <summary>Runs to the next row. At the end the statement is ready to be bound anew.</summary>
    /// <returns>False when there is none.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
            return true;
        var reset = raw.sqlite3_reset(_statement);
        if (code != raw.SQLITE_DONE)
            Check(reset == raw.SQLITE_OK ? code : reset);
        return false;
    }

    /// <summary>Runs a statement that returns no rows.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        Step();
        return raw.sqlite3_changes(_connection.Handle);
    }

    /// <summary>Ends a run whose further rows nobody wants; it is what ends the reading transaction.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public bool IsText(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_TEXT;

    public bool IsInteger(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_INTEGER;

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>The bytes of a text; valid until the next step.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => raw.sqlite3_column_blob(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string() ?? "";

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), code & 0xff, raw.sqlite3_extended_errcode(_connection.Handle));
    }
}
