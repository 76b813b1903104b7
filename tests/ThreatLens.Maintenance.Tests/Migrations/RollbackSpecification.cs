using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>What rolling back means, whatever the database.</summary>
public abstract partial class MigrationEngineSpecification
{
    [Fact]
    public void Rollback_without_fields_undoes_the_highest()
    {
        Engine().Migrate(new MigrateCommand());

        var result = Engine().Rollback(new RollbackCommand());

        Assert.Equal([Indexes], result.RolledBack.Select(m => m.Version.Id));
        Assert.Equal((Indexes, Fields), (result.From?.Id, result.To?.Id));
        Assert.Equal(10, result.RolledBack[0].Statements);
        Assert.Equal([Core, Tables, Fields], Lines("SELECT version FROM schema_migrations ORDER BY version"));
    }

    [Theory]
    [InlineData("001_add_realtime_tables")]
    [InlineData("1")]
    public void Rollback_to_a_version_undoes_what_is_above_it(string version)
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = version });
        var expected = Structure();
        Engine().Migrate(new MigrateCommand());

        var result = Engine().Rollback(new RollbackCommand { ToVersion = version });

        Assert.Equal([Indexes, Fields], result.RolledBack.Select(m => m.Version.Id));
        Assert.Equal(Tables, result.To?.Id);
        Assert.Equal(expected, Structure());
    }

    [Fact]
    public void Rollback_to_the_current_version_changes_nothing()
    {
        Engine().Migrate(new MigrateCommand());
        var before = Snapshot();

        var result = Engine().Rollback(new RollbackCommand { ToVersion = "003" });

        Assert.Empty(result.RolledBack);
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData(1, "002_add_realtime_fields")]
    [InlineData(3, "000_create_core_tables")]
    [InlineData(4, null)]
    public void Rollback_steps_undoes_that_many(int steps, string? expected)
    {
        Engine().Migrate(new MigrateCommand());

        var result = Engine().Rollback(new RollbackCommand { Steps = steps });

        Assert.Equal(steps, result.RolledBack.Count);
        Assert.Equal(expected, result.To?.Id);
        Assert.Equal(expected, Engine().GetStatus().CurrentVersion?.Id);
    }

    [Fact]
    public void Rollback_all_and_migrate_again_ends_at_the_same_schema()
    {
        Engine().Migrate(new MigrateCommand());
        var fresh = Structure();

        var reports = new List<string>();
        Engine().Rollback(new RollbackCommand { Steps = 4 }, Progress(p => reports.Add($"{p.Version.Number} {p.Completed}/{p.Total}")));
        Assert.Empty(Structure());
        Engine().Migrate(new MigrateCommand());

        Assert.Equal(fresh, Structure());
        Assert.Equal(["3 0/4", "3 1/4", "2 1/4", "2 2/4", "1 2/4", "1 3/4", "0 3/4", "0 4/4"], reports);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("000")]
    [InlineData("001")]
    [InlineData("002")]
    public void Rollback_each_version_returns_to_the_schema_below_it(string? below)
    {
        if (below is not null)
            Engine().Migrate(new MigrateCommand { TargetVersion = below });
        var next = Engine().GetStatus().Pending.First().Version.Id;
        var expected = below is null ? "" : Structure();
        Engine().Migrate(new MigrateCommand { TargetVersion = next });
        var up = Structure();
        Assert.NotEqual(expected, up);

        Engine().Rollback(new RollbackCommand { Version = next });
        Assert.Equal(expected, Structure());

        Engine().Migrate(new MigrateCommand { TargetVersion = next });
        Assert.Equal(up, Structure());
    }

    [Fact]
    public void Rollback_version_that_others_stand_on_names_them()
    {
        Engine().Migrate(new MigrateCommand());
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.LaterVersionsApplied, () => Engine().Rollback(new RollbackCommand { Version = "001" }));

        Assert.Equal($"{Fields}, {Indexes}", error.Metadata["laterVersions"]);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Rollback_version_not_applied_is_refused()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });

        Expect.Refusal(ErrorReasons.VersionNotApplied, () => Engine().Rollback(new RollbackCommand { Version = "002" }));
    }

    [Fact]
    public void Rollback_nothing_applied_is_refused_and_creates_nothing()
    {
        Expect.Refusal(ErrorReasons.VersionNotApplied, () => Engine().Rollback(new RollbackCommand()));
        Expect.Refusal(ErrorReasons.VersionNotApplied, () => Engine().Rollback(new RollbackCommand { Version = "000" }));

        Assert.False(Engine().GetStatus().DatabaseExists);
    }

    [Theory]
    [InlineData("version", "007", null, null)]
    [InlineData("to_version", null, "007", null)]
    [InlineData("to_version", null, "003", null)]
    [InlineData("steps", null, null, 0)]
    [InlineData("steps", null, null, -1)]
    [InlineData("steps", null, null, 4)]
    [InlineData("steps", "001", null, 1)]
    [InlineData("steps", null, "001", 1)]
    [InlineData("to_version", "001", "001", null)]
    public void Rollback_bad_field_is_named(string field, string? version, string? toVersion, int? steps)
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });
        var before = Snapshot();

        Expect.BadField(field, () => Engine().Rollback(new RollbackCommand { Version = version, ToVersion = toVersion, Steps = steps }));

        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Rollback_core_tables_with_rows_is_refused_naming_them()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000" });
        Execute("INSERT INTO raw_logs (id, content, source) VALUES ('r1', 'x', 's'), ('r2', 'y', 's')");
        Execute("INSERT INTO reports (id, report_date, file_path) VALUES ('p', '2026-01-01', '/x')");
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.RollbackRefused, () => Engine().Rollback(new RollbackCommand()));

        Assert.Contains("raw_logs (2), reports (1)", error.Message, StringComparison.Ordinal);
        Assert.Equal(("2", "1"), (error.Metadata["raw_logs"], error.Metadata["reports"]));
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Rollback_that_would_be_refused_further_down_undoes_nothing()
    {
        Engine().Migrate(new MigrateCommand());
        Execute("INSERT INTO raw_logs (id, content, source) VALUES ('r1', 'x', 's')");
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.RollbackRefused, () => Engine().Rollback(new RollbackCommand { Steps = 4 }));

        Assert.Equal("1", error.Metadata["raw_logs"]);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Rollback_fields_keeps_rows_and_other_columns()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });
        Execute("INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e1', 'gone', '2026-01-01 00:00:00', 's', 'it''s; fine', 'c')");
        var before = Lines("SELECT * FROM events");
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });
        Assert.Equal(["NULL|0|0"], Lines("SELECT processing_time, realtime_processed, notification_sent FROM events"));
        Execute("UPDATE events SET processing_time = '0.5', realtime_processed = 1");

        var result = Engine().Rollback(new RollbackCommand { Version = "002", MaxValuesLost = 3 });

        Assert.Equal(3, result.ValuesLost);
        Assert.Equal(before, Lines("SELECT * FROM events"));
    }

    [Fact]
    public void Rollback_failing_statement_leaves_no_trace()
    {
        var catalog = new MigrationCatalog([MigrationCatalogTests.Create("001_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;\nDROP TABLE nowhere;")]);
        Engine(catalog).Migrate(new MigrateCommand());
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(catalog).Rollback(new RollbackCommand()));

        Assert.Equal(("001_a.down.sql", "2", "2"), (error.Metadata["script"], error.Metadata["statement"], error.Metadata["line"]));
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Rollback_cancelled_stops_between_migrations()
    {
        Engine().Migrate(new MigrateCommand());
        using var cancellation = new CancellationTokenSource();
        var progress = Progress(p =>
        {
            if (p.Version.Number == 2)
                cancellation.Cancel();
        });

        var cancelled = Expect.Failure(ErrorKind.Cancelled, ErrorReasons.OperationCancelled, () => Engine().Rollback(new RollbackCommand { Steps = 4 }, progress, cancellation.Token));
        Assert.StartsWith("003_", cancelled.Metadata["undoneVersions"], StringComparison.Ordinal);

        Assert.Equal(Tables, Engine().GetStatus().CurrentVersion?.Id);
    }
}
