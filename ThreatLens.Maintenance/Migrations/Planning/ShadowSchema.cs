using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// The schema of a database without its rows, in memory: statements of a plan run on it, so that SQLite itself says what becomes of the
/// schema, and each table knows how its rows come from those of the database. Not thread-safe.
/// </summary>
internal sealed class ShadowSchema : IDisposable
{
    private const string TablesWithColumns =
        """
        SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
        FROM sqlite_master m JOIN pragma_table_list(m.name) l ON l.schema = 'main' AND l.type IN ('table', 'virtual') JOIN pragma_table_xinfo(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND c.hidden <> 1
        ORDER BY m.name, c.cid
        """;

    private readonly HashSet<string> _reads = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _writes = new(StringComparer.OrdinalIgnoreCase);
    private readonly strdelegate_authorizer _listen;
    private Dictionary<string, TableState> _tables = new(StringComparer.OrdinalIgnoreCase);
    private int _lastId;

    private ShadowSchema(SqliteConnection connection)
    {
        Connection = connection;
        _listen = Listen;
    }

    /// <summary>The connection to the schema; changes over it that are not made by <see cref="Run"/> need <see cref="Synchronise"/>.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>The tables as they are now, by name in any case.</summary>
    public IReadOnlyDictionary<string, TableState> Tables => _tables;

    /// <summary>The tables that the last statement read, over views and triggers too.</summary>
    public IReadOnlySet<string> Reads => _reads;

    /// <summary>The tables whose rows the last statement may change, over triggers too.</summary>
    public IReadOnlySet<string> Writes => _writes;

    /// <summary>Copies the schema that a connection sees. What SQLite does not take again (a module that is not there) is left out.</summary>
    public static ShadowSchema Of(SqliteConnection database)
    {
        var connection = new SqliteConnection("Data Source=:memory:;Pooling=False;Foreign Keys=False");
        connection.Open();
        var shadow = new ShadowSchema(connection);
        foreach (var sql in database.Texts(
            """
            SELECT m.sql FROM sqlite_master m
            WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
              AND NOT EXISTS (SELECT 1 FROM pragma_table_list(m.name) l WHERE m.type = 'table' AND l.type = 'shadow')
            ORDER BY CASE m.type WHEN 'table' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, m.rowid
            """))
        {
            TryExecute(connection, sql);
        }

        shadow.Synchronise();
        foreach (var table in shadow._tables.Values.ToList())
            shadow.Set(table with { Rows = RowSource.Of(table.Name) });
        return shadow;
    }

    public void Dispose() => Connection.Dispose();

    /// <summary>Runs one statement; one that only reads or changes rows, of which there are none, is only compiled.</summary>
    /// <returns>Whether the schema has changed, and what SQLite said when it did not take the statement.</returns>
    public (bool Changed, string? Error) Run(ScriptStatement statement)
    {
        _reads.Clear();
        _writes.Clear();
        var before = Connection.Pragma("schema_version");
        _ = raw.sqlite3_set_authorizer(Connection.Handle, _listen, null);
        try
        {
            if (statement.MayRebuild)
                TableRebuild.Run(Connection, statement);
            else if (ChangesSchema(statement))
                Connection.Execute(WithoutRows(statement));
            else
                Compile(statement.Sql);
        }
        catch (Exception e) when (e is SqliteException or RebuildRefusedException)
        {
            return (false, e.Message);
        }
        finally
        {
            _ = raw.sqlite3_set_authorizer(Connection.Handle, (strdelegate_authorizer?)null, null);
        }

        return (!Equals(before, Connection.Pragma("schema_version")), null);
    }

    /// <summary>Attaches an empty database in memory in place of the file that a script without a transaction attaches, or lets it go again.</summary>
    public void Attach(ScriptStatement statement)
    {
        if (statement.AttachedName is { } name)
            TryExecute(Connection, $"ATTACH ':memory:' AS {name}");
        else if (statement.Summary.Operation == "DETACH")
            TryExecute(Connection, statement.Sql);
    }

    /// <summary>Replaces what is known of a table.</summary>
    public void Set(TableState table) => _tables[table.Name] = table;

    /// <summary>Takes over a name given to a table; its rows and columns stay what they are.</summary>
    public void Rename(string table, string newName)
    {
        if (_tables.Remove(table, out var state))
            Set(state with { Name = newName, Rows = state.Rows with { IsUntouched = false } });
    }

    /// <summary>Takes over a name given to a column.</summary>
    public void RenameColumn(string table, string column, string newName)
    {
        if (!_tables.TryGetValue(table, out var state) || state.Column(column) is not { } old)
            return;
        Set(state with
        {
            Columns = [.. state.Columns.Select(c => c == old ? c with { Name = newName } : c)],
            Rows = RowShapes.Renamed(state, old, newName),
        });
    }

    /// <summary>Reads what tables and columns there are now. Those that were there keep what is known of them.</summary>
    public void Synchronise()
    {
        var found = new Dictionary<string, TableState>(StringComparer.OrdinalIgnoreCase);
        foreach (var table in ReadColumns().GroupBy(c => c.Table, StringComparer.OrdinalIgnoreCase))
            found.Add(table.Key, Merge(table.Key, [.. table.Select(c => c.Column)]));
        _tables = found;
    }

    private static bool ChangesSchema(ScriptStatement statement) => statement.Action switch
    {
        StatementAction.Insert or StatementAction.Update or StatementAction.Delete => false,
        StatementAction.Other => !statement.IsQuery,
        _ => true,
    };

    // CREATE TABLE ... AS may read much, or make much up.
    private static string WithoutRows(ScriptStatement statement) => statement.Shape is { Action: StatementAction.CreateTable, Query: { } query }
        ? $"{statement.Sql[..statement.Sql.LastIndexOf(query, StringComparison.Ordinal)]} SELECT * FROM ({query}) LIMIT 0"
        : statement.Sql;

    private void Compile(string sql)
    {
        var code = raw.sqlite3_prepare_v2(Connection.Handle, sql, out var compiled);
        using (compiled)
        {
            if (code != raw.SQLITE_OK)
                throw new SqliteException($"SQLite Error {code}: '{raw.sqlite3_errmsg(Connection.Handle).utf8_to_string()}'.", code);
        }
    }

    private TableState Merge(string name, List<ColumnState> columns)
    {
        if (!_tables.TryGetValue(name, out var known))
        {
            columns = columns.ConvertAll(c => c with { Id = ++_lastId });
            return new TableState(++_lastId, name, columns, RowSource.Empty(columns));
        }

        var merged = columns.ConvertAll(c => c with { Id = known.Column(c.Name)?.Id ?? ++_lastId });
        return merged.Select(c => c.Name).SequenceEqual(known.Columns.Select(c => c.Name), StringComparer.OrdinalIgnoreCase)
            ? known with { Columns = merged }
            : known with { Columns = merged, Rows = RowShapes.WithColumns(known, merged) };
    }

    private List<(string Table, ColumnState Column)> ReadColumns()
    {
        using var command = Connection.CreateCommand();
        command.CommandText = TablesWithColumns;
        using var reader = command.ExecuteReader();
        var columns = new List<(string, ColumnState)>();
        while (reader.Read())
        {
            columns.Add((reader.GetString(0), new ColumnState(
                0, reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), reader.IsDBNull(4) ? null : reader.GetString(4), reader.GetInt32(5) > 0, reader.GetInt32(6) > 1)));
        }

        return columns;
    }

    private int Listen(object userData, int action, string? first, string? second, string? schema, string? inner)
    {
        // Of a table that is read without any of its columns, as by count(*), SQLite tells the schema only where the statement names it.
        var isMain = schema == "main" || (schema is null && action == raw.SQLITE_READ && second is "");
        if (isMain && first is not null && !first.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase))
        {
            if (action == raw.SQLITE_READ)
                _reads.Add(first);
            else if (action is raw.SQLITE_INSERT or raw.SQLITE_UPDATE or raw.SQLITE_DELETE)
                _writes.Add(first);
        }

        return raw.SQLITE_OK;
    }

    private static void TryExecute(SqliteConnection connection, string sql)
    {
        try
        {
            connection.Execute(sql);
        }
        catch (SqliteException)
        {
            // The plan then knows nothing of it, and says so of the statements that need it.
        }
    }
}
