using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>A folder, a path in it for a database, and engines on that path.</summary>
public abstract class SqliteMigrationTestBase : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    protected SqliteMigrationTestBase() => File = new SqliteFile(Folder.File("threatlens.db"));

    protected TemporaryFolder Folder { get; } = new();

    protected SqliteFile File { get; }

    protected static MigrationCatalog Product { get; } = MigrationCatalog.LoadEmbedded("Sqlite");

    public void Dispose()
    {
        // Before the folder: a thread of theirs may still open files in it.
        foreach (var owned in _owned)
            owned.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes it with the test.</summary>
    protected T Owned<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }

    /// <summary>An engine with the product's migrations.</summary>
    protected MigrationEngine Engine(string? connectionString = null, TimeSpan? busyTimeout = null, MigrationCatalog? catalog = null)
    {
        var options = new SqliteDatabaseOptions
        {
            ConnectionString = connectionString ?? $"Data Source={File.Path}",
            BusyTimeout = busyTimeout ?? TimeSpan.FromSeconds(30),
        };
        return new MigrationEngine(new SqliteDatabase(options, TimeProvider.System), catalog ?? Product, TimeProvider.System, NullLogger<MigrationEngine>.Instance);
    }
}
