using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Tests.Optimization;
using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Maintenance.Tests.Children;

/// <summary>What a test's other process does. It says "ready" when it has got there, and ends at the latest with its parent.</summary>
internal static class ChildProgram
{
    public static int Run(string[] words)
    {
        switch (words)
        {
            case ["hold-lock", var path, var owner]:
                using (MaintenanceLock.TryAcquire(path, new LockOwner(owner), TimeProvider.System))
                    Stay();
                return 0;
            case ["hold-write", var path]:
                using (var connection = new SqliteFile(path).Open())
                {
                    connection.Execute("BEGIN IMMEDIATE");
                    connection.Execute("CREATE TABLE never_committed (id INTEGER)");
                    Stay();
                }

                return 0;
            case ["migrate", var path]:
                Console.WriteLine("ready");
                Console.ReadLine();
                Console.WriteLine("applied " + string.Join(',', Engine(path).Migrate(new MigrateCommand()).Applied.Select(a => a.Version.Id)));
                return 0;
            case ["migrate-stop-at", var path, var span]:
                StopAt(span);
                Engine(path).Migrate(new MigrateCommand());
                return 0;
            case ["migrate-folder-stop-at", var path, var folder, var span]:
                StopAt(span);
                Engine(path, Of(folder)).Migrate(new MigrateCommand());
                return 0;
            case ["rollback-stop-at", var path, var span]:
                StopAt(span);
                Engine(path).Rollback(new RollbackCommand { Steps = 3, MaxValuesLost = long.MaxValue });
                return 0;
            case ["migrate-die-at", var path, var point]:
                CrashPoints.DieAt(point);
                Engine(path).Migrate(new MigrateCommand());
                return 0;
            case ["rollback-die-at", var path, var point]:
                CrashPoints.DieAt(point);
                Engine(path).Rollback(new RollbackCommand { ToVersion = "000", MaxValuesLost = long.MaxValue });
                return 0;
            case ["migrate-folder-die-at", var path, var folder, var point]:
                CrashPoints.DieAt(point);
                Engine(path, Of(folder)).Migrate(new MigrateCommand());
                return 0;
            case ["rollback-folder-die-at", var path, var folder, var point]:
                CrashPoints.DieAt(point);
                Engine(path, Of(folder)).Rollback(new RollbackCommand { ToVersion = "003", MaxValuesLost = long.MaxValue });
                return 0;
            case ["repair-die-at", var path, var point]:
                CrashPoints.DieAt(point);
                Engine(path).Repair(new RepairCommand());
                return 0;
            case ["rollback-all-die-at", var path, var point]:
                CrashPoints.DieAt(point);
                Engine(path).Rollback(new RollbackCommand { Steps = 4, MaxValuesLost = long.MaxValue });
                return 0;
            case ["restore", var path, var backup, var operation]:
                Console.WriteLine("ready");
                Console.ReadLine();
                Restorer(path).Restore(new RestoreCommand { BackupName = backup, MaxRowsLost = long.MaxValue }, operation);
                Console.WriteLine("restored");
                Stay();
                return 0;
            case ["backup", var path, var operation]:
                Console.WriteLine("ready");
                Console.ReadLine();
                Taker(path).Take(operation, null);
                Console.WriteLine("taken");
                Stay();
                return 0;
            case ["optimize", var path, var how]:
                Console.WriteLine("ready");
                Console.ReadLine();
                Optimizers.Run(Database(path), new OptimizeCommand { EnableIncrementalVacuum = how == "rewrite" }, Optimizers.Ignore);
                Console.WriteLine("optimized");
                Stay();
                return 0;
            default:
                Console.Error.WriteLine("unknown verb");
                return 2;
        }
    }

    private static MigrationCatalog Of(string folder) => MigrationCatalog.Load("Sqlite", new MigrationOptions { Path = folder }, "/");

    private static MigrationEngine Engine(string path, MigrationCatalog? catalog = null) => new(
        Database(path), catalog ?? MigrationCatalog.LoadEmbedded("Sqlite"), TimeProvider.System, NullLogger<MigrationEngine>.Instance);

    private static Restorer Restorer(string path)
    {
        var database = Database(path);
        return new Restorer(database, Directory(database), Taker(path), MigrationCatalog.LoadEmbedded("Sqlite"), TimeProvider.System, NullLogger<Restorer>.Instance);
    }

    private static BackupTaker Taker(string path)
    {
        var database = Database(path);
        return new BackupTaker(
            database, Directory(database), MigrationCatalog.LoadEmbedded("Sqlite"), Options.Create(new BackupOptions()), TimeProvider.System, NullLogger<BackupTaker>.Instance);
    }

    private static BackupDirectory Directory(SqliteDatabase database) => new(database, Options.Create(new BackupOptions()), TimeProvider.System);

    private static SqliteDatabase Database(string path) =>
        new(new SqliteDatabaseOptions { ConnectionString = "Data Source=" + path, BusyTimeout = TimeSpan.FromSeconds(30) }, TimeProvider.System);

    // Stands still when the span of that name has ended: its statement has run, what follows has not.
    private static void StopAt(string span) => ActivitySource.AddActivityListener(new ActivityListener
    {
        ShouldListenTo = source => source.Name == MaintenanceDiagnostics.ActivitySourceName,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        ActivityStopped = activity =>
        {
            if (activity.DisplayName == span)
                Stay();
        },
    });

    // Until the parent closes the pipe, dies, or kills this process.
    private static void Stay()
    {
        Console.WriteLine("ready");
        while (Console.In.ReadLine() is not null)
        {
        }
    }
}
