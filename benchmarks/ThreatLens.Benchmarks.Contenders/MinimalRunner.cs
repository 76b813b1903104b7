using Microsoft.Data.Sqlite;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>The limit: what has to be done, and nothing else. A history of names, one transaction per migration with its row.</summary>
internal class MinimalRunner : IContender
{
    public virtual string Name => LineUp.Minimal;

    public void Run(string folder)
    {
        using var connection = BenchmarkFile.Open(folder);
        var pending = Pending(connection);
        if (pending.Count > 0)
            Apply(connection, pending);
    }

    protected virtual void Apply(SqliteConnection connection, IReadOnlyList<Script> pending)
    {
        foreach (var script in pending)
        {
            BenchmarkFile.Execute(connection, "BEGIN IMMEDIATE");
            Apply(connection, script);
            BenchmarkFile.Execute(connection, "COMMIT");
        }
    }

    protected static void Apply(SqliteConnection connection, Script script)
    {
        if (script.Number == 0)
            BenchmarkFile.Execute(connection, "CREATE TABLE history (version TEXT PRIMARY KEY, applied_at TEXT NOT NULL)");
        BenchmarkFile.Execute(connection, script.Sql);
        using var record = connection.CreateCommand();
        record.CommandText = "INSERT INTO history VALUES ($version, datetime('now'))";
        record.Parameters.AddWithValue("$version", script.Version);
        record.ExecuteNonQuery();
    }

    private static List<Script> Pending(SqliteConnection connection)
    {
        var applied = new HashSet<string>(StringComparer.Ordinal);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1 FROM sqlite_master WHERE name = 'history'";
        if (command.ExecuteScalar() is not null)
        {
            command.CommandText = "SELECT version FROM history";
            using var reader = command.ExecuteReader();
            while (reader.Read())
                applied.Add(reader.GetString(0));
        }

        return [.. ScriptSet.Product.Scripts.Where(s => !applied.Contains(s.Version))];
    }
}
