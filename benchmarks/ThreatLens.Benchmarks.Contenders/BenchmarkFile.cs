using Microsoft.Data.Sqlite;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>The database file of a run, and the settings that all contenders share: WAL, synchronous FULL.</summary>
internal static class BenchmarkFile
{
    public const string Settings = "journal_mode WAL, synchronous FULL, foreign keys off";

    /// <summary>
    /// Whether the file stays open between runs, as it does in a process that goes on: in the driver's pool of connections, which is its default, or as the
    /// service keeps its reader. False: every run opens and closes it, and leaves nothing to be done.
    /// </summary>
    public static bool StaysOpen { get; set; }

    public static string In(string folder) => Path.Combine(folder, "bench.db");

    public static string ConnectionString(string folder) => $"Data Source={In(folder)};Pooling={StaysOpen};Foreign Keys=False";

    /// <summary>An open connection with the shared settings, as ours sets them itself.</summary>
    public static SqliteConnection Open(string folder)
    {
        var connection = new SqliteConnection(ConnectionString(folder));
        connection.Open();
        Execute(connection, "PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL");
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
