using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>
/// A throw-away copy of the product's tables, with their newest rows and all their indexes, on which advice is tried out: the database itself is
/// only read. Not thread-safe.
/// </summary>
internal sealed class AdviceCopy : IDisposable
{
    /// <summary>Most rows of a table that are copied.</summary>
    public const int MostRows = 50_000;

    private const int Inserts = 2000;
    private const int Runs = 3;
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;

    private AdviceCopy(SqliteConnection connection, TimeProvider time) => (_connection, _time) = (connection, time);

    /// <summary>The columns of every table, names in any case.</summary>
    public Dictionary<string, IReadOnlySet<string>> Columns { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>All indexes.</summary>
    public IReadOnlyList<KnownIndex> Indexes => KnownIndex.Read(_connection);

    /// <exception cref="SqliteException">It cannot be made.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static AdviceCopy Make(SqliteDatabase database, CancellationToken cancellationToken)
    {
        using var source = database.OpenReader();
        source.Execute("BEGIN");
        // A file without a name is SQLite's own temporary one: nobody else can open it, and it is gone with the process at the latest.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = "", Pooling = false, ForeignKeys = false }.ToString());
        var copy = new AdviceCopy(connection, database.Time);
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
            var schema = SchemaModelReader.Read(source);
            foreach (var table in schema.Tables.Values.Where(t => IsOrdinary(source, t.Name)))
                copy.Add(source, table, cancellationToken);
            foreach (var index in schema.Indexes.Values.Where(i => copy.Columns.ContainsKey(i.Table)))
                connection.Execute(index.Sql);
            connection.Execute("ANALYZE");
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <summary>Why SQLite cannot run a query; null when it can.</summary>
    public string? Refusal(string sql)
    {
        try
        {
            _ = Plan(sql);
            return null;
        }
        catch (SqliteException e)
        {
            return e.Message;
        }
    }

    /// <summary>How SQLite would run it, a line a step.</summary>
    public string Plan(string sql)
    {
        using var command = Command("EXPLAIN QUERY PLAN " + sql, bound: false);
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
            steps.Add(reader.GetString(3));
        return string.Join('\n', steps);
    }

    /// <summary>How long it takes: the shortest of a few runs.</summary>
    public TimeSpan Time(string sql)
    {
        var shortest = TimeSpan.MaxValue;
        using var command = Command(sql, bound: true);
        for (var run = 0; run < Runs; run++)
        {
            var begun = _time.GetTimestamp();
            using (var reader = command.ExecuteReader())
            {
                while (reader.Read())
                {
                }
            }

            var took = _time.GetElapsedTime(begun);
            shortest = took < shortest ? took : shortest;
        }

        return shortest;
    }

    /// <summary>Does something with another set of indexes; they come back afterwards.</summary>
    public T With<T>(string change, string undo, Func<T> look)
    {
        _connection.Execute(change);
        try
        {
            return look();
        }
        finally
        {
            _connection.Execute(undo);
        }
    }

    /// <summary>What an index that is there costs of the time of inserting rows, 0 to 1.</summary>
    public double IngestCost(KnownIndex index)
    {
        var with = InsertTime(index.Table);
        var without = With($"DROP INDEX {DatabaseContent.Quote(index.Name)}", index.Sql!, () => InsertTime(index.Table));
        return with > TimeSpan.Zero ? Math.Clamp(1 - (without / with), 0, 1) : 0;
    }

    /// <summary>Bytes of the copy that are in use.</summary>
    public long UsedBytes() =>
        ((long)_connection.Pragma("page_count")! - (long)_connection.Pragma("freelist_count")!) * (long)_connection.Pragma("page_size")!;

    /// <summary>Rows copied of a table.</summary>
    public long Rows(string table) => (long)_connection.Scalar($"SELECT count(*) FROM {DatabaseContent.Quote(table)}")!;

    /// <summary>Removes it.</summary>
    public void Dispose() => _connection.Dispose();

    // Virtual tables cannot be made without what is behind them.
    private static bool IsOrdinary(SqliteConnection source, string table) =>
        source.Scalar("SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = $name AND type = 'table'", ("$name", table)) is not null;

    private void Add(SqliteConnection source, TableModel table, CancellationToken cancellationToken)
    {
        _connection.Execute(table.Sql);
        List<string> columns = [.. table.Columns.Values.Where(c => !c.IsGenerated).Select(c => c.Name)];
        Columns[table.Name] = table.Columns.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var names = string.Join(", ", columns.Select(DatabaseContent.Quote));
        using var transaction = _connection.BeginTransaction();
        using var insert = _connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = $"INSERT INTO {DatabaseContent.Quote(table.Name)}({names}) VALUES ({string.Join(", ", columns.Select((_, i) => $"$p{i}"))})";
        for (var i = 0; i < columns.Count; i++)
            insert.Parameters.AddWithValue($"$p{i}", DBNull.Value);
        using var select = source.CreateCommand();
        select.CommandText = $"SELECT {names} FROM {DatabaseContent.Quote(table.Name)} {(table.IsWithoutRowId ? "" : "ORDER BY rowid DESC")} LIMIT {MostRows}";
        using var rows = select.ExecuteReader();
        while (rows.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < columns.Count; i++)
                insert.Parameters[i].Value = rows.GetValue(i);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Takes out the newest rows and puts them in again, which no constraint minds; tables WITHOUT ROWID are not measured.</summary>
    private TimeSpan InsertTime(string table)
    {
        var name = DatabaseContent.Quote(table);
        if (_connection.Scalar("SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = $name", ("$name", table)) is not 0L)
            return TimeSpan.Zero;
        var columns = string.Join(", ", _connection.Texts("SELECT name FROM pragma_table_xinfo($name) WHERE hidden = 0", ("$name", table)).Select(DatabaseContent.Quote));
        var shortest = TimeSpan.MaxValue;
        _connection.Execute($"CREATE TEMP TABLE newest AS SELECT {columns} FROM {name} ORDER BY rowid DESC LIMIT {Inserts}");
        for (var run = 0; run < Runs; run++)
        {
            _connection.Execute($"DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} ORDER BY rowid DESC LIMIT {Inserts})");
            var begun = _time.GetTimestamp();
            _connection.Execute($"INSERT INTO {name}({columns}) SELECT {columns} FROM newest");
            var took = _time.GetElapsedTime(begun);
            shortest = took < shortest ? took : shortest;
        }

        _connection.Execute("DROP TABLE temp.newest");
        return shortest;
    }

    private SqliteCommand Command(string sql, bool bound)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in SqlMeaning.Tokens(sql).Where(t => t.Kind == SqlTokenKind.Parameter).Select(t => t.Text).Distinct(StringComparer.Ordinal))
            command.Parameters.AddWithValue(name, bound ? ValueFor(sql, name[1..]) : DBNull.Value);
        return command;
    }

    /// <summary>A value that the column has, of a table that the query names.</summary>
    private object ValueFor(string sql, string column)
    {
        var table = SqlMeaning.Tokens(sql).Where(t => t.IsName).Select(t => t.Name).FirstOrDefault(n => Columns.TryGetValue(n, out var columns) && columns.Contains(column));
        return table is null
            ? DBNull.Value
            : _connection.Scalar($"SELECT {DatabaseContent.Quote(column)} FROM {DatabaseContent.Quote(table)} WHERE {DatabaseContent.Quote(column)} IS NOT NULL LIMIT 1 OFFSET (SELECT count(*) / 2 FROM {DatabaseContent.Quote(table)})") ?? DBNull.Value;
    }
}
