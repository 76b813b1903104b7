using System.Text;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>
/// One value for the product's schema as it is: equal as long as no object came, went or changed its definition. Cheap enough to be taken
/// around every migration. Not thread-safe.
/// </summary>
internal sealed class SchemaFingerprint
{
    // Migrations change a few objects each; the others need not be taken apart again.
    private readonly Dictionary<string, string> _meanings = new(StringComparer.Ordinal);
    private long _lastVersion = -1;
    private string _lastValue = "";

    /// <summary>The fingerprint of a schema without any object.</summary>
    public static string Empty { get; } = TextDigest.Of("");

    /// <summary>Reads it as this connection sees it, uncommitted changes of its own included.</summary>
    /// <returns>SHA-256, 64 lower-case hexadecimal digits.</returns>
    public string Read(SqliteConnection connection)
    {
        // SQLite counts every change of the schema, whoever makes it; a rolled-back change of ours is gone with its number.
        var version = (long)connection.Pragma("schema_version")!;
        if (version == _lastVersion)
            return _lastValue;
        _lastValue = Compute(connection);
        _lastVersion = version;
        return _lastValue;
    }

    /// <summary>Forgets what was read within a transaction that was rolled back: its numbers will be given again.</summary>
    public void Forget() => _lastVersion = -1;

    private string Compute(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name";
        using var reader = command.ExecuteReader();
        var text = new StringBuilder();
        while (reader.Read())
        {
            if (SchemaScope.Covers(reader.GetString(2)))
                text.Append(reader.GetString(0)).Append('\0').Append(reader.GetString(1)).Append('\0').Append(reader.GetString(2)).Append('\0').Append(MeaningOf(reader.GetString(3))).Append("\0\0");
        }

        return TextDigest.Of(text.ToString());
    }

    private string MeaningOf(string sql)
    {
        if (!_meanings.TryGetValue(sql, out var meaning))
            _meanings.Add(sql, meaning = SqlMeaning.Of(sql));
        return meaning;
    }
}
