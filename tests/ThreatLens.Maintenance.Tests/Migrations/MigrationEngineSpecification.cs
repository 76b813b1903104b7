using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>
/// What migrating means, whatever the database. Each database has a class that derives from this one and says how its engine is made and
/// how a bystander looks at it.
/// </summary>
public abstract partial class MigrationEngineSpecification
{
    private const string Core = "000_create_core_tables";
    private const string Tables = "001_add_realtime_tables";
    private const string Fields = "002_add_realtime_fields";
    private const string Indexes = "003_optimize_realtime_indexes";

    /// <summary>The time at which the engine's clock stands still.</summary>
    protected static readonly DateTimeOffset Now = new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(1_230_000);

    /// <summary>The product's migrations for this database.</summary>
    protected abstract MigrationCatalog Product { get; }

    /// <summary>An engine on this test's own, at first missing, database.</summary>
    protected abstract MigrationEngine Engine(MigrationCatalog? catalog = null);

    protected abstract void Execute(string sql);

    protected abstract IReadOnlyList<string> Lines(string sql);

    /// <summary>Everything in the database; two equal ones mean that nothing was changed.</summary>
    protected abstract string Snapshot();

    /// <summary>The schema by meaning, without the history.</summary>
    protected abstract string Structure();

    [Fact]
    public void GetStatus_no_database_has_all_pending_and_creates_nothing()
    {
        var status = Engine().GetStatus();

        Assert.False(status.DatabaseExists);
        Assert.Null(status.CurrentVersion);
        Assert.Equal(Indexes, status.LatestVersion?.Id);
        Assert.Equal([Core, Tables, Fields, Indexes], status.Pending.Select(m => m.Version.Id));
        Assert.False(status.IsUpToDate);
        Assert.False(status.CanTakeMetrics);
        Assert.False(Engine().GetStatus().DatabaseExists);
    }

    [Fact]
    public void GetStatus_after_migration_tells_when_and_with_which_checksum()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "001" });

        var status = Engine().GetStatus();

        Assert.True(status.DatabaseExists);
        Assert.Equal(Tables, status.CurrentVersion?.Id);
        Assert.False(status.IsUpToDate);
        Assert.True(status.CanTakeMetrics);
        Assert.Equal(
            [(Core, MigrationStateKind.Applied), (Tables, MigrationStateKind.Applied), (Fields, MigrationStateKind.Pending), (Indexes, MigrationStateKind.Pending)],
            status.Migrations.Select(m => (m.Version.Id, m.State)));
        Assert.Equal([Now, Now, null, null], status.Migrations.Select(m => m.AppliedAt));
        Assert.Equal([true, true, null, null], status.Migrations.Select(m => m.ChecksumMatches));
    }

    [Fact]
    public void Migrate_no_database_applies_everything_in_order()
    {
        var result = Engine().Migrate(new MigrateCommand());

        Assert.Null(result.From);
        Assert.Equal(Indexes, result.To?.Id);
        Assert.Equal([Core, Tables, Fields, Indexes], result.Applied.Select(m => m.Version.Id));
        Assert.Equal([9, 14, 10, 10], result.Applied.Select(m => m.Statements));
        Assert.All(result.Applied, m => Assert.Equal(0, m.SkippedStatements));
        var status = Engine().GetStatus();
        Assert.True(status.IsUpToDate);
        Assert.True(status.CanTakeMetrics);
    }

    [Fact]
    public void Migrate_twice_changes_nothing_the_second_time()
    {
        Engine().Migrate(new MigrateCommand());
        var before = Snapshot();

        var result = Engine().Migrate(new MigrateCommand());

        Assert.Empty(result.Applied);
        Assert.Equal((Indexes, Indexes), (result.From?.Id, result.To?.Id));
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData("001_add_realtime_tables")]
    [InlineData("001")]
    [InlineData("1")]
    public void Migrate_to_a_target_stops_there_and_goes_on_later(string target)
    {
        var first = Engine().Migrate(new MigrateCommand { TargetVersion = target });
        var second = Engine().Migrate(new MigrateCommand());

        Assert.Equal((2, Tables), (first.Applied.Count, first.To?.Id));
        Assert.Equal((2, Tables, Indexes), (second.Applied.Count, second.From?.Id, second.To?.Id));
    }

    [Fact]
    public void Migrate_unknown_target_creates_nothing()
    {
        Expect.BadField("target_version", () => Engine().Migrate(new MigrateCommand { TargetVersion = "007" }));

        Assert.False(Engine().GetStatus().DatabaseExists);
    }

    [Fact]
    public void Migrate_target_below_current_is_refused()
    {
        Engine().Migrate(new MigrateCommand());
        var before = Snapshot();

        var error = Expect.BadField("target_version", () => Engine().Migrate(new MigrateCommand { TargetVersion = "002" }));

        Assert.Contains("Rollback", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void Migrate_writes_a_history_row_with_everything_in_it()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "000", AppliedBy = "alice", OperationId = "op-7" });

        var migration = Product.Migrations[0];
        Assert.Equal(
            [$"{Core}|{migration.Description}|2026-11-01 12:00:00.123000|{migration.Checksum}|alice|op-7|0"],
            Lines("SELECT version, description, applied_at, checksum, applied_by, operation_id, execution_ms FROM schema_migrations"));
        Assert.Equal([migration.DownSql], Lines("SELECT rollback_sql FROM schema_migrations"));
    }

    [Fact]
    public void Migrate_reports_progress_before_and_after_each()
    {
        var reports = new List<string>();

        Engine().Migrate(new MigrateCommand { TargetVersion = "001" }, Progress(p => reports.Add($"{p.Version.Number} {p.Completed}/{p.Total}")));

        Assert.Equal(["0 0/2", "0 1/2", "1 1/2", "1 2/2"], reports);
    }

    [Fact]
    public void Migrate_cancelled_stops_between_migrations_and_keeps_what_is_done()
    {
        using var cancellation = new CancellationTokenSource();
        var progress = Progress(p =>
        {
            // In the middle of 001, from its own point of view.
            if (p is { Version.Number: 1, Completed: 1 })
                cancellation.Cancel();
        });

        var cancelled = Expect.Failure(ErrorKind.Cancelled, ErrorReasons.OperationCancelled, () => Engine().Migrate(new MigrateCommand(), progress, cancellation.Token));

        Assert.Equal("000_create_core_tables, 001_add_realtime_tables", cancelled.Metadata["appliedVersions"]);
        Assert.Equal(Tables, Engine().GetStatus().CurrentVersion?.Id);
        Assert.Equal(2, Engine().Migrate(new MigrateCommand()).Applied.Count);
    }

    [Fact]
    public void Migrate_failing_statement_leaves_no_trace_and_keeps_earlier_versions()
    {
        var good = MigrationCatalogTests.Create("001_good", "CREATE TABLE kept (id INTEGER);\nINSERT INTO kept VALUES (1);");
        var bad = MigrationCatalogTests.Create(
            "002_bad", "CREATE TABLE gone (id INTEGER);\nINSERT INTO kept VALUES (2);\n-- here\nINSERT INTO nowhere\n  VALUES (3);\nCREATE TABLE later (id INTEGER);");
        Engine(new MigrationCatalog([good])).Migrate(new MigrateCommand());
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(new MigrationCatalog([good, bad])).Migrate(new MigrateCommand()));

        Assert.Equal(before, Snapshot());
        Assert.Equal(("002_bad", "3", "4"), (error.Metadata["version"], error.Metadata["statement"], error.Metadata["line"]));
        Assert.Equal("INSERT INTO nowhere VALUES (3);", error.Metadata["sql"]);
        Assert.Contains("nowhere", error.Metadata["sqliteMessage"], StringComparison.Ordinal);
        Assert.Contains("002_bad.up.sql, statement 3 (line 4)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("appliedVersions", error.Metadata.Keys);
    }

    [Fact]
    public void Migrate_later_version_fails_names_what_stays_applied()
    {
        var catalog = new MigrationCatalog(
        [
            MigrationCatalogTests.Create("001_good", "CREATE TABLE kept (id INTEGER);"),
            MigrationCatalogTests.Create("002_bad", "CREATE TABLE gone (id INTEGER);\nSELECT * FROM nowhere;"),
            MigrationCatalogTests.Create("003_never", "CREATE TABLE never (id INTEGER);"),
        ]);

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(catalog).Migrate(new MigrateCommand()));

        Assert.Equal("001_good", error.Metadata["appliedVersions"]);
        Assert.Contains("001_good", error.Message, StringComparison.Ordinal);
        Assert.Equal("001_good", Engine(catalog).GetStatus().CurrentVersion?.Id);
        Assert.Equal(["1"], Lines("SELECT count(*) FROM schema_migrations"));
    }

    [Fact]
    public void Migrate_edited_applied_script_is_refused_with_both_checksums()
    {
        var applied = MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER);");
        var edited = MigrationCatalogTests.Create("001_first", "CREATE TABLE b (id INTEGER);");
        var next = MigrationCatalogTests.Create("002_next", "CREATE TABLE c (id INTEGER);");
        Engine(new MigrationCatalog([applied])).Migrate(new MigrateCommand());
        var before = Snapshot();
        var engine = Engine(new MigrationCatalog([edited, next]));

        var error = Expect.Refusal(ErrorReasons.ChecksumMismatch, () => engine.Migrate(new MigrateCommand()));

        Assert.Equal((applied.Checksum, edited.Checksum), (error.Metadata["storedChecksum"], error.Metadata["expectedChecksum"]));
        Assert.Equal(before, Snapshot());
        var state = engine.GetStatus().Migrations[0];
        Assert.Equal((MigrationStateKind.Applied, false), (state.State, state.ChecksumMatches));
    }

    [Fact]
    public void Migrate_version_inserted_below_an_applied_one_is_refused()
    {
        var second = MigrationCatalogTests.Create("002_second", "CREATE TABLE b (id INTEGER);");
        Engine(new MigrationCatalog([second])).Migrate(new MigrateCommand());
        var before = Snapshot();
        var engine = Engine(new MigrationCatalog([MigrationCatalogTests.Create("001_first", "CREATE TABLE a (id INTEGER);"), second]));

        var error = Expect.Refusal(ErrorReasons.VersionOutOfOrder, () => engine.Migrate(new MigrateCommand()));

        Assert.Equal(("001_first", "002_second"), (error.Metadata["version"], error.Metadata["laterVersions"]));
        Assert.Equal(before, Snapshot());
    }

    [Theory]
    [InlineData("004_from_the_future", "'abc'")]
    [InlineData("004_from_the_future", "NULL")]
    [InlineData("004_add_auth_audit_tables", "'abc'")]
    [InlineData("999", "NULL")]
    public void Migrate_database_of_a_newer_service_is_refused(string version, string checksum)
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });
        Execute($"INSERT INTO schema_migrations (version, description, checksum) VALUES ('{version}', 'x', {checksum})");
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.DatabaseNewer, () => Engine().Migrate(new MigrateCommand()));
        Expect.Refusal(ErrorReasons.DatabaseNewer, () => Engine().Rollback(new RollbackCommand()));

        Assert.Contains(version, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, Snapshot());
        var status = Engine().GetStatus();
        Assert.True(status.IsNewerThanService);
        Assert.False(status.IsUpToDate);
        Assert.Equal(Fields, status.CurrentVersion?.Id);
        Assert.Equal((version, MigrationStateKind.Unknown), (status.Migrations[^1].Version.Id, status.Migrations[^1].State));
    }

    [Theory]
    [InlineData("001_something_else")]
    [InlineData("baseline")]
    public void Migrate_history_with_an_unknown_version_is_refused(string version)
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });
        Execute($"INSERT INTO schema_migrations (version, description) VALUES ('{version}', 'x')");
        var before = Snapshot();

        var error = Expect.Refusal(ErrorReasons.UnknownVersion, () => Engine().Migrate(new MigrateCommand()));

        Assert.Equal(version, error.Metadata["unknownVersions"]);
        Assert.Equal(before, Snapshot());
        Assert.False(Engine().GetStatus().IsNewerThanService);
    }

    [Fact]
    public void Migrate_original_auth_version_is_left_alone()
    {
        Engine().Migrate(new MigrateCommand { TargetVersion = "002" });
        Execute("INSERT INTO schema_migrations (version, description) VALUES ('004_add_auth_audit_tables', 'No description')");

        var result = Engine().Migrate(new MigrateCommand());
        var undone = Engine().Rollback(new RollbackCommand { Version = "003" });

        Assert.Equal(Indexes, result.To?.Id);
        Assert.Equal(Fields, undone.To?.Id);
        var state = Engine().GetStatus().Migrations[^1];
        Assert.Equal(("004_add_auth_audit_tables", MigrationStateKind.KnownForeign, "No description"), (state.Version.Id, state.State, state.Description));
        Assert.Equal(["4"], Lines("SELECT count(*) FROM schema_migrations"));
    }

    [Fact]
    public async Task Migrate_two_engines_at_once_applies_each_version_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Engine().Migrate(new MigrateCommand()))));

        Assert.Equal([Core, Tables, Fields, Indexes], results.SelectMany(r => r.Applied).Select(a => a.Version.Id).Order());
        Assert.All(results, r => Assert.Equal(Indexes, r.To?.Id));
        Assert.True(Engine().GetStatus().IsUpToDate);
    }

    /// <summary>Unlike <see cref="Progress{T}"/>, reports at once and on the calling thread.</summary>
    protected static IProgress<MigrationProgress> Progress(Action<MigrationProgress> report) => new Reporter(report);

    private sealed class Reporter(Action<MigrationProgress> report) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) => report(value);
    }
}
