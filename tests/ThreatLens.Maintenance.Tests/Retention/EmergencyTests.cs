using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>Cleanups on a disk that is nearly full.</summary>
public sealed class EmergencyTests : RetentionTestBase
{
    private const int LogInUse = 703;

    [Theory]
    [InlineData(400)]
    [InlineData(160)]
    public void Run_in_emergency_with_next_to_no_free_space_deletes_what_an_ordinary_one_cannot(int kibibytes)
    {
        using var disk = SmallDisk.TryMount(Folder.File("disk"), 24);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var file = new SqliteFile(Path.Combine(disk.Path, "threatlens.db"));
        Seed(file, 15_000);
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={file.Path}" }, Time);
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        var planner = new CleanupPlanner(database, options, Ingest, Time);
        using var checkpointer = new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance);
        var cleaner = NewCleaner(database, planner, checkpointer);
        // As in a service that runs: there is nothing to sum up, which would take the room there is.
        file.Execute("UPDATE maintenance_rollup_pending SET first_id = (SELECT max(id) + 1 FROM processing_metrics)");
        disk.FillBut(kibibytes * 1024);
        var everything = new CleanupCommand();
        Assert.Equal(ErrorReasons.DatabaseFull, Assert.Throws<MaintenanceException>(() => cleaner.Run(everything, NewId(), null, CancellationToken.None)).Reason);

        var emergency = everything with { IsEmergency = true };
        var longestLog = 0L;
        cleaner.ChunkCommitted = _ =>
        {
            // Two checkpoints at a time hinder each other, and then the log is not emptied.
            if (longestLog == 0)
                AssertHoldsStill(checkpointer);
            longestLog = Math.Max(longestLog, new FileInfo(file.Path + "-wal").Length + 1);
        };
        cleaner.Check(emergency);
        var result = cleaner.Run(emergency, NewId(), null, CancellationToken.None);

        Assert.Equal(0L, file.Scalar("SELECT count(*) FROM processing_metrics WHERE timestamp < '2026-10-01'"));
        Assert.Equal(100L, file.Scalar("SELECT count(*) FROM processing_metrics"));
        Assert.True(longestLog < kibibytes * 1024, $"the log had {longestLog} bytes");
        Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
        Assert.True(result.FreeBytes > 512 * 1024, $"{result.FreeBytes} bytes are free for new rows");
    }

    [Fact]
    public void Run_in_emergency_while_a_reader_keeps_the_log_from_being_emptied_goes_on_after_it()
    {
        using var disk = SmallDisk.TryMount(Folder.File("disk"), 24);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var file = new SqliteFile(Path.Combine(disk.Path, "threatlens.db"));
        Seed(file, 15_000);
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={file.Path}" }, Time);
        using var checkpointer = new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance);
        using var reader = database.OpenReader();
        var (deleted, atLogInUse) = (0, -1);
        var logger = new Listener(id =>
        {
            if (id != LogInUse || atLogInUse >= 0)
                return;
            atLogInUse = deleted;
            reader.Execute("COMMIT");
        });
        var cleaner = NewCleaner(database, new CleanupPlanner(database, Microsoft.Extensions.Options.Options.Create(Options), Ingest, Time), checkpointer, logger);
        cleaner.ChunkCommitted = rows => deleted += rows;
        disk.FillBut(400 * 1024);
        var emergency = new CleanupCommand { IsEmergency = true };
        cleaner.Check(emergency);
        reader.Execute("BEGIN");
        Assert.Equal(15_100L, reader.Scalar("SELECT count(*) FROM processing_metrics"));

        cleaner.Run(emergency, NewId(), null, CancellationToken.None);

        Assert.InRange(atLogInUse, 1, 15_000);
        Assert.Equal(100L, file.Scalar("SELECT count(*) FROM processing_metrics"));
    }

    [Fact]
    public void Run_in_emergency_deletes_the_oldest_first()
    {
        Migrate();
        Seed(File, 2_000, migrated: true);
        using var stop = new CancellationTokenSource();
        var cleaner = NewCleaner();
        var chunks = 0;
        cleaner.ChunkCommitted = _ =>
        {
            if (++chunks == 5)
                stop.Cancel();
        };

        Assert.ThrowsAny<OperationCanceledException>(() => cleaner.Run(new CleanupCommand { IsEmergency = true }, NewId(), null, stop.Token));

        // Inserted newest first: the ids that are left are the lowest.
        Assert.InRange((long)File.Scalar("SELECT count(*) FROM processing_metrics")!, 1_000, 2_090);
        Assert.Equal(0L, File.Scalar("SELECT count(*) FROM processing_metrics WHERE id > (SELECT count(*) FROM processing_metrics)"));
    }

    private static void AssertHoldsStill(WalCheckpointer checkpointer)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.ThrowsAny<OperationCanceledException>(() => checkpointer.HoldStill(soon.Token).Dispose());
    }

    private void Seed(SqliteFile file, int rows, bool migrated = false)
    {
        if (!migrated)
        {
            Engine($"Data Source={file.Path}").Migrate(new Maintenance.Migrations.MigrateCommand());
            var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={file.Path}" }, Time);
            new Maintenance.Operations.ServiceSchema(database, Engine($"Data Source={file.Path}"), Time).Ensure(mayCreateDatabase: false, CancellationToken.None);
        }

        file.Execute(string.Create(CultureInfo.InvariantCulture,
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's1', 't', '1', '2026-10-20 00:00:00' FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
            SELECT 's' || (i % 5), 't' || (i % 3), '1', strftime('%Y-%m-%d %H:%M:%S', '2026-09-01 00:00:00', '-' || i || ' seconds') FROM n;
            PRAGMA wal_checkpoint(TRUNCATE);
            """));
    }

    /// <summary>Tells the number of every message as it is logged, on the thread that logs it.</summary>
    private sealed class Listener(Action<int> logged) : ILogger<Cleaner>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => logged(eventId.Id);
    }
}
