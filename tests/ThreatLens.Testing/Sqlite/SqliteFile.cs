using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace ThreatLens.Testing.Sqlite;

/// <summary>
/// Looks at a database file as a bystander does, without the code under test: over connections of its own, each open for one call.
/// </summary>
public sealed class SqliteFile(string path)
{
    public string Path { get; } = path;

    private const int PatienceSeconds = 300;

    /// <summary>An open connection without foreign keys and without a pool, which waits long for others' locks. The caller disposes it.</summary>
    public SqliteConnection Open(SqliteOpenMode mode = SqliteOpenMode.ReadWriteCreate)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path, Mode = mode, Pooling = false, ForeignKeys = false, DefaultTimeout = PatienceSeconds }.ToString());
        connection.Open();
        return connection;
    }

    public void Execute(string sql)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public object? Scalar(string sql) => Rows(sql).FirstOrDefault()?[0];

    /// <summary>All rows of a query; NULL is null.</summary>
    public IReadOnlyList<object?[]> Rows(string sql)
    {
        using var connection = Open(SqliteOpenMode.ReadWrite);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    /// <summary>All rows of a query, one line each, values parted by '|'.</summary>
    public IReadOnlyList<string> Lines(string sql) => [.. Rows(sql).Select(Line)];

    /// <summary>The names of all tables but SQLite's own, sorted.</summary>
    public IReadOnlyList<string> Tables() =>
        Lines("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");

    /// <summary>The names of all indexes that someone created, sorted.</summary>
    public IReadOnlyList<string> Indexes() =>
        Lines("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name");

    /// <summary>Rows and hash of their content, of the columns given or all, in the order of the rowid or, without one, of the first column.</summary>
    public string Content(string table, string columns = "*")
    {
        var order = Scalar($"SELECT wr FROM pragma_table_list('{table}')") is 1L ? "1" : "rowid";
        return string.Create(CultureInfo.InvariantCulture, $"{Scalar($"SELECT count(*) FROM {table}")} {Hash(Lines($"SELECT {columns} FROM {table} ORDER BY {order}"))}");
    }

    /// <summary>Everything: schema as stored, user_version, and the rows of every table.</summary>
    /// <param name="except">Tables whose rows are left out: those that a running service writes by itself.</param>
    public string Snapshot(params string[] except)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"user_version {Scalar("PRAGMA user_version")}");
        foreach (var line in Lines("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"))
            text.AppendLine(line);
        foreach (var table in Lines("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").Except(except))
            text.AppendLine(CultureInfo.InvariantCulture, $"{table}: {Content(table)}");
        return text.ToString();
    }

    /// <summary>
    /// The schema by meaning: columns with type, NOT NULL, default and key, foreign keys, indexes and triggers with their SQL; the history and
    /// SQLite's own tables left out. Two schemas that work alike read alike, however their ALTER TABLEs were spelled.
    /// </summary>
    public string Structure()
    {
        var lines = new List<string>();
        foreach (var table in Tables().Where(t => t != "schema_migrations"))
        {
            lines.Add("table " + table);
            lines.AddRange(Lines($"SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo('{table}') ORDER BY cid").Select(l => "  column " + l));
            lines.AddRange(Lines($"SELECT \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list('{table}') ORDER BY id").Select(l => "  foreign key " + l));
            lines.AddRange(Lines($"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}') ORDER BY name").Select(l => "  index " + l));
        }

        lines.AddRange(Lines("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL ORDER BY type, name"));
        return string.Join('\n', lines);
    }

    /// <summary>SHA-256 of the main file's bytes. Only while no connection of this process is open on it: reading would drop its locks.</summary>
    public string Bytes() => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path)));

    private static string Line(object?[] row) => string.Join('|', row.Select(v => v switch
    {
        null => "NULL",
        byte[] bytes => Convert.ToHexString(bytes),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => v.ToString(),
    }));

    private static string Hash(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
}
