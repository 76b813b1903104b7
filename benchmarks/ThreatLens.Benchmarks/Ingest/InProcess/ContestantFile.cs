using Microsoft.Data.Sqlite;
using ThreatLens.Testing;

namespace ThreatLens.Benchmarks.Ingest.InProcess;

/// <summary>A database of its own with the whole schema, WAL and synchronous FULL.</summary>
internal sealed class ContestantFile : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <param name="template">A database that the service has migrated, closed.</param>
    public ContestantFile(string template)
    {
        Path = _folder.File("threatlens.db");
        File.Copy(template, Path);
    }

    public string Path { get; }

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={Path};Pooling=False;Foreign Keys=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL");
        Execute(connection, "PRAGMA synchronous = FULL");
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => _folder.Dispose();
}
