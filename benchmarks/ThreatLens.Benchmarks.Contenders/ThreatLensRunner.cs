using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>Ours, with the lock between processes, the history, checksums and fingerprints; without backup and operation row.</summary>
internal sealed class ThreatLensRunner : IContender
{
    private (string Folder, MigrationEngine Engine, SqliteDatabase Database)? _running;

    public string Name => LineUp.ThreatLens;

    public void Run(string folder)
    {
        if (!BenchmarkFile.StaysOpen)
        {
            Run(Engine(folder, out var database), database);
            return;
        }

        if (_running?.Folder != folder)
        {
            End();
            _running = (folder, Engine(folder, out var database), database);
            database.KeepsReader = true;
        }

        Run(_running.Value.Engine, _running.Value.Database);
    }

    public void End()
    {
        if (_running is { } running)
            running.Database.KeepsReader = false;
        _running = null;
    }

    private static void Run(MigrationEngine engine, SqliteDatabase database)
    {
        // As the service does it: the lock is taken when something is to be done, and the engine then looks for itself.
        if (engine.GetStatus() is { IsUpToDate: true })
            return;
        using var held = MaintenanceLock.Acquire(database.LockPath, new LockOwner("migrate, benchmark"), TimeProvider.System);
        engine.Migrate(new MigrateCommand { AppliedBy = "benchmark" });
    }

    /// <summary>An engine on the run's file, with the product's own migrations as the service has them.</summary>
    public static MigrationEngine Engine(string folder, out SqliteDatabase database)
    {
        var options = new SqliteDatabaseOptions { ConnectionString = "Data Source=" + BenchmarkFile.In(folder), Synchronous = SqliteSynchronous.Full };
        database = new SqliteDatabase(options, TimeProvider.System);
        return new MigrationEngine(database, Catalog.Product, TimeProvider.System, NullLogger<MigrationEngine>.Instance);
    }

    /// <summary>Loaded once per process, as in the service; a cold process pays for it.</summary>
    private static class Catalog
    {
        public static MigrationCatalog Product { get; } = MigrationCatalog.LoadEmbedded("Sqlite");
    }
}
