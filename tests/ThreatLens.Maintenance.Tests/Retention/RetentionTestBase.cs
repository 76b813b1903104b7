using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Tests.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>A database, and what plans and runs its cleanups at a time of the test's own.</summary>
public abstract class RetentionTestBase : SqliteMigrationTestBase, IDisposable
{
    private SqliteDatabase? _database;
    private WalCheckpointer? _checkpointer;

    /// <summary>Noon of the day that the original's data ends on.</summary>
    protected static DateTimeOffset Noon { get; } = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private protected FakeTimeProvider Time { get; } = new(Noon);

    private protected RetentionOptions Options { get; } = new();

    private protected IngestOptions IngestSettings { get; } = new();

    private protected IngestStatistics Ingest => field ??= new IngestStatistics(Time);

    private protected SqliteDatabase Database => _database ??= new SqliteDatabase(
        new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}", BusyTimeout = TimeSpan.FromSeconds(30), Synchronous = SqliteSynchronous.Normal }, Time);

    private protected CleanupPlanner Planner => new(Database, Microsoft.Extensions.Options.Options.Create(Options), Ingest, Time);

    private protected Cleaner NewCleaner() => NewCleaner(Database, Planner, _checkpointer ??= new WalCheckpointer(Database, NullLogger<WalCheckpointer>.Instance));

    private protected Cleaner NewCleaner(SqliteDatabase database, CleanupPlanner planner, WalCheckpointer checkpointer, ILogger<Cleaner>? logger = null) =>
        new(database, planner, new RollupCatchUp(database), checkpointer, Microsoft.Extensions.Options.Options.Create(Options), Microsoft.Extensions.Options.Options.Create(IngestSettings), Ingest, Time, logger ?? NullLogger<Cleaner>.Instance);

    private protected HoldStore Holds => new(Database, Time);

    /// <summary>Ends the checkpoints before the folder goes.</summary>
    void IDisposable.Dispose()
    {
        _checkpointer?.Dispose();
        Dispose();
    }

    /// <summary>All migrations and the service's own tables.</summary>
    private protected void Migrate()
    {
        Engine().Migrate(new MigrateCommand());
        PrepareOwnTables();
    }

    private protected void PrepareOwnTables() => new ServiceSchema(Database, Engine(), Time).Ensure(mayCreateDatabase: false, CancellationToken.None);

    private protected CleanupPlan Plan(CleanupCommand command) => Planner.Plan(command, CancellationToken.None);

    private protected CleanupResult Clean(CleanupCommand command, string? operationId = null) => NewCleaner().Run(command, operationId ?? NewId(), null, CancellationToken.None);

    private protected static string NewId() => Guid.CreateVersion7().ToString("N");

    /// <summary>Pins something, as CreateHold does.</summary>
    private protected Hold Pin(HoldTarget target) => Holds.Create(
        new Hold { Id = NewId(), Target = target, Reason = "test", CreatedBy = "test", CreatedAt = Time.GetUtcNow() }, CancellationToken.None);

    /// <summary>The plan deletes nothing, the run deletes exactly what the plan says and the oracle expects, and nothing is damaged.</summary>
    private protected CleanupResult AssertCleans(Dictionary<string, List<string>> left, CleanupCommand command)
    {
        var before = RetentionOracle.Read(File);
        var plan = Plan(command);
        Assert.Equal(before, RetentionOracle.Read(File));

        var result = Clean(command with { Etag = plan.Etag });

        Assert.Equal(left, RetentionOracle.Read(File));
        Assert.Equal(plan.Tables.Select(Counts), result.Tables.Select(Counts));
        foreach (var table in result.Tables.Where(t => before.ContainsKey(t.Table)))
            Assert.Equal(before[table.Table].Count - left[table.Table].Count, table.Rows);
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        return result;
    }

    private static string Counts(TableCleanup table) =>
        $"{table.Table}: {table.Rows} rows, {table.Orphans} orphans, {table.HeldRows} held, {table.UnreadableRows} unreadable, {table.Oldest:O} to {table.Newest:O}, {table.Skipped}";
}
