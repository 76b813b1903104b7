using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>
/// A database's schema without its rows, in memory, where a change can be tried before it is made: SQLite itself says what it would refuse.
/// What cannot be created there (an extension is missing) is left out. Not thread-safe.
/// </summary>
internal sealed class SchemaTrial : IDisposable
{
    private const int DoubleQuotedStrings = 1013;
    private const int DoubleQuotedStringsInDefinitions = 1014;

    private readonly IReadOnlyList<SchemaEntry> _entries;

    private SchemaTrial(SqliteConnection connection, IReadOnlyList<SchemaEntry> entries)
    {
        Connection = connection;
        _entries = entries;
        // Tables first, and first of all the virtual ones, whose own tables are in the list too.
        foreach (var entry in entries.OrderBy(e => e.Order))
            TryRun(entry.Sql);
    }

    /// <summary>The database in memory.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>Copies the schema as a connection sees it.</summary>
    /// <param name="connection">A connection to the database; it is only read.</param>
    public static SchemaTrial Of(SqliteConnection connection) => Of(SchemaEntry.Read(connection));

    /// <summary>Makes this schema.</summary>
    public static SchemaTrial Of(IReadOnlyList<SchemaEntry> entries)
    {
        var memory = new SqliteConnection("Data Source=:memory:;Pooling=False;Foreign Keys=False");
        memory.Open();
        return new SchemaTrial(memory, entries);
    }

    /// <summary>
    /// What works: the indexes, views and triggers that SQLite can compile, and the tables whose foreign keys have something to refer to, each
    /// as "view name". Uses the trial up.
    /// </summary>
    public IReadOnlySet<string> FindWorking()
    {
        // A column that is gone must not be taken for a string in double quotes.
        _ = raw.sqlite3_db_config(Connection.Handle, DoubleQuotedStrings, 0, out _);
        _ = raw.sqlite3_db_config(Connection.Handle, DoubleQuotedStringsInDefinitions, 0, out _);
        foreach (var dependent in _entries.Where(e => e.Type is "trigger" or "index"))
            TryRun($"DROP {dependent.Type} IF EXISTS {Remedy.Quote(dependent.Name)}");
        // Indexes first: a foreign key may refer to what one of them keeps apart.
        return _entries.OrderBy(e => e.Type == "index" ? 0 : 1).Where(Works).Select(e => e.Label).ToHashSet();
    }

    /// <summary>The columns of a table, none when there is no such table.</summary>
    public IReadOnlyList<string> Columns(string table) =>
        Connection.Texts("SELECT name FROM pragma_table_xinfo($table) WHERE hidden <> 1 ORDER BY cid", ("$table", table));

    /// <summary>What SQLite says against a statement; null when it has run.</summary>
    public string? ErrorOf(string sql)
    {
        try
        {
            Connection.Execute(sql);
            return null;
        }
        catch (SqliteException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => Connection.Dispose();

    private bool Works(SchemaEntry entry) => entry.Type switch
    {
        "index" => TryRun(entry.Sql),
        "view" => TryPrepare($"SELECT * FROM {Remedy.Quote(entry.Name)}"),
        "trigger" => TriggerWorks(entry),
        _ => TryRun($"PRAGMA foreign_key_check({Remedy.Quote(entry.Name)})"),
    };

    // Compiling what fires it compiles the trigger; alone, so that it is known which one fails.
    private bool TriggerWorks(SchemaEntry trigger)
    {
        if (!TryRun(trigger.Sql))
            return false;
        var table = Remedy.Quote(trigger.Table);
        var works = trigger.Event switch
        {
            "INSERT" => TryPrepare($"INSERT INTO {table} DEFAULT VALUES"),
            "DELETE" => TryPrepare($"DELETE FROM {table}"),
            _ => TryPrepare($"UPDATE {table} SET {string.Join(", ", ColumnsOf(trigger.Table).Select(c => $"{c} = {c}"))}"),
        };
        TryRun($"DROP TRIGGER {Remedy.Quote(trigger.Name)}");
        return works;
    }

    private IEnumerable<string> ColumnsOf(string table) =>
        Connection.Texts("SELECT name FROM pragma_table_xinfo($table) WHERE hidden = 0", ("$table", table)).Select(Remedy.Quote);

    private bool TryRun(string sql) => ErrorOf(sql) is null;

    // Compiled, not run: EXPLAIN of a view or a trigger goes through all of it.
    private bool TryPrepare(string sql) => TryRun("EXPLAIN " + sql);
}
