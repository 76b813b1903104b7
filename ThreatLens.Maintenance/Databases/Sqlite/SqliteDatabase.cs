using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>signatures</summary>
public sealed class SqliteDatabase(SqliteDatabaseOptions options, TimeProvider time)
{
    /// <summary>x</summary>
    public string Path { get; } = options.ConnectionString;

    /// <summary>x</summary>
    public string LockPath => Path + ".maintenance.lock";

    /// <summary>x</summary>
    public WriteGate WriteGate { get; } = new();

    /// <summary>x</summary>
    public bool FileExists => File.Exists(Path);

    /// <summary>x</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>x</summary>
    public SqliteConnection OpenReader() => throw new NotImplementedException();

    /// <summary>x</summary>
    public SqliteConnection OpenWriter() => throw new NotImplementedException();

    /// <summary>x</summary>
    public MaintenanceException Translate(SqliteException e, string doing) => throw new NotImplementedException();
}
