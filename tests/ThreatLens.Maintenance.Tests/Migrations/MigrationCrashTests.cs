using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Other processes: one killed within a migration, several that migrate the same file at once.</summary>
public sealed class MigrationCrashTests : SqliteMigrationTestBase
{
    [Theory]
    [InlineData("BEGIN", null)]
    [InlineData("CREATE TABLE events", null)]
    [InlineData("CREATE TABLE notification_history", "000_create_core_tables")]
    [InlineData("ALTER TABLE events", "001_add_realtime_tables")]
    [InlineData("CREATE INDEX idx_events_notification_pending", "001_add_realtime_tables")]
    [InlineData("CREATE INDEX idx_ai_analysis_severity_analyzed", "002_add_realtime_fields")]
    public async Task Migrate_killed_within_a_transaction_is_at_the_version_before(string span, string? expected)
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        var reference = LegacyDatabase.Build(LegacyKind.PreRealtime, Folder.File("reference.db"));
        var events = File.Content("events", "id, message, timestamp");
        if (expected is not null)
            Engine($"Data Source={reference.Path}").Migrate(new MigrateCommand { TargetVersion = expected });
        using var child = await ChildProcess.StartAsync("migrate-stop-at", File.Path, span);

        await child.KillAsync();

        Assert.Equal(expected, Engine().GetStatus().CurrentVersion?.Id);
        Assert.Equal(reference.Structure(), File.Structure());
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        Assert.Equal("003_optimize_realtime_indexes", Engine().Migrate(new MigrateCommand()).To?.Id);
        Assert.Equal(events, File.Content("events", "id, message, timestamp"));
    }

    [Theory]
    [InlineData("CREATE INDEX idx_reports_date")]
    [InlineData("CREATE INDEX idx_events_severity_realtime")]
    [InlineData("UPDATE schema_migrations")]
    public async Task Migrate_killed_while_adopting_leaves_no_trace(string span)
    {
        LegacyDatabase.Build(LegacyKind.Drifted, File.Path);
        var before = File.Snapshot();
        using var child = await ChildProcess.StartAsync("migrate-stop-at", File.Path, span);

        await child.KillAsync();

        Assert.Equal(before, File.Snapshot());
        Assert.Equal(3, Engine().Migrate(new MigrateCommand()).Adopted.Count);
        Assert.True(Engine().Validate().IsValid);
    }

    [Fact]
    public async Task Migrate_killed_after_a_commit_is_at_the_version_committed()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        using var child = await ChildProcess.StartAsync("migrate-stop-at", File.Path, "COMMIT");

        await child.KillAsync();

        Assert.Equal("000_create_core_tables", Engine().GetStatus().CurrentVersion?.Id);
        Assert.Equal(3, Engine().Migrate(new MigrateCommand()).Applied.Count);
    }

    [Theory]
    [InlineData("DROP INDEX idx_ai_analysis_severity_analyzed", "003_optimize_realtime_indexes")]
    [InlineData("ALTER TABLE events", "002_add_realtime_fields")]
    [InlineData("DROP TABLE processing_metrics", "001_add_realtime_tables")]
    public async Task Rollback_killed_within_a_transaction_is_at_the_version_before(string span, string expected)
    {
        Engine().Migrate(new MigrateCommand());
        var reference = new SqliteFile(Folder.File("reference.db"));
        Engine($"Data Source={reference.Path}").Migrate(new MigrateCommand { TargetVersion = expected });
        using var child = await ChildProcess.StartAsync("rollback-stop-at", File.Path, span);

        await child.KillAsync();

        Assert.Equal(expected, Engine().GetStatus().CurrentVersion?.Id);
        Assert.Equal(reference.Structure(), File.Structure());
        Assert.Equal("000_create_core_tables", Engine().Rollback(new RollbackCommand { ToVersion = "000" }).To?.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Migrate_processes_at_once_apply_each_version_once(bool legacy)
    {
        for (var round = 0; round < Rounds.Count; round++)
        {
            var file = new SqliteFile(Folder.File($"{round}.db"));
            if (legacy)
                LegacyDatabase.Build(LegacyKind.PreRealtime, file.Path);
            // Two, as in a rolling update; in the first round more.
            await MigrateAtOnceAsync(file, round == 0 ? 4 : 2);
        }
    }

    private static async Task MigrateAtOnceAsync(SqliteFile file, int processes)
    {
        var children = await Task.WhenAll(Enumerable.Range(0, processes).Select(_ => ChildProcess.StartAsync("migrate", file.Path)));
        try
        {
            await Task.WhenAll(children.Select(c => c.WriteLineAsync("go")));
            var answers = await Task.WhenAll(children.Select(c => c.ReadLineAsync()));

            // An error would be no answer: the process would have died of it.
            Assert.All(answers, a => Assert.StartsWith("applied ", a, StringComparison.Ordinal));
            Assert.Equal(
                ["000_create_core_tables", "001_add_realtime_tables", "002_add_realtime_fields", "003_optimize_realtime_indexes"],
                answers.SelectMany(a => a!["applied ".Length..].Split(',', StringSplitOptions.RemoveEmptyEntries)).Order());
            Assert.Equal("4", Assert.Single(file.Lines("SELECT count(*) FROM schema_migrations")));
            Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
            Assert.Equal("wal", file.Scalar("PRAGMA journal_mode"));
        }
        finally
        {
            foreach (var child in children)
                child.Dispose();
        }
    }
}
