using ThreatLens.Maintenance.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>
/// A process killed (SIGKILL) before and after every statement of every migration, up and down, and of every adoption, in WAL mode, on
/// databases with rows. Every run takes the points around COMMIT and a random share of the others, larger with more rounds: from 25 rounds on, all.
/// </summary>
public sealed class CrashMatrixTests(ITestOutputHelper output) : SqliteMigrationTestBase
{
    [Fact]
    public Task Migrate_killed_at_any_point_goes_on_by_itself()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        var kept = ColumnsOf("raw_logs", "events", "ai_analysis", "reports");
        return RunAsync(Up(kept, [.. Product.Migrations.Select((m, i) => Statements(Product.UpOf(m)) + (i == 0 ? 4 : 3))]));
    }

    [Fact]
    public Task Migrate_of_an_empty_database_killed_at_any_point_leaves_it_empty_or_whole()
    {
        System.IO.File.WriteAllBytes(File.Path, []);
        // BEGIN, the history's table, each script with its row, COMMIT.
        return RunAsync(Up(new Dictionary<string, string>(), [3 + Product.Migrations.Sum(m => Statements(Product.UpOf(m)) + 1)]));
    }

    [Fact]
    public Task Rollback_killed_at_any_point_goes_on_by_itself()
    {
        LegacyDatabase.Build(LegacyKind.PreRealtime, File.Path);
        var kept = ColumnsOf("raw_logs", "events", "ai_analysis", "reports");
        Engine().Migrate(new MigrateCommand());
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO processing_metrics (source_name, metric_type, metric_value, timestamp)
            SELECT 'source-' || i % 20, 'throughput', '{"value": ' || i || '}', '2026-10-01 00:00:00.000000' FROM n;
            UPDATE events SET realtime_processed = 1, processing_time = '0.5';
            """);
        return RunAsync(Down("rollback-die-at", kept, 3, engine => engine.Rollback(new RollbackCommand { ToVersion = "000", MaxValuesLost = long.MaxValue })));
    }

    [Fact]
    public Task Rollback_of_all_versions_killed_at_any_point_goes_on_by_itself()
    {
        // Not the product's, and to be left alone.
        File.Execute("CREATE TABLE mine (id INTEGER PRIMARY KEY, what TEXT); INSERT INTO mine (what) VALUES ('one'), ('two')");
        var kept = ColumnsOf("mine");
        Engine().Migrate(new MigrateCommand());
        // The core tables stay empty: 000 is not undone else.
        File.Execute(
            """
            INSERT INTO processing_metrics (source_name, metric_type, metric_value) VALUES ('a', 'throughput', '1'), ('b', 'throughput', '2');
            INSERT INTO monitoring_config (config_data) VALUES ('{}');
            INSERT INTO log_sources (source_name, path) VALUES ('a', '/a'), ('b', '/b');
            """);
        return RunAsync(Down("rollback-all-die-at", kept, 4, engine =>
        {
            if (engine.GetStatus().CurrentVersion is not null)
                engine.Rollback(new RollbackCommand { Version = "000", Cascade = true, MaxValuesLost = long.MaxValue });
        }));
    }

    [Theory]
    [InlineData(LegacyKind.Clean)]
    [InlineData(LegacyKind.Drifted)]
    public Task Migrate_killed_while_adopting_goes_on_by_itself(LegacyKind kind)
    {
        LegacyDatabase.Build(kind, File.Path);
        var kept = ColumnsOf([.. File.Tables().Where(t => t != "schema_migrations")]);
        var created = CrashScenario.Engine(Copy("trial.db").Path).Migrate(new MigrateCommand()).Adopted.Sum(m => m.Statements);
        // BEGIN, the history's columns, 000 with its row, what is missing, the checksums, COMMIT: one transaction.
        return RunAsync(Up(kept, [2 + Statements(Product.UpOf(Product.Migrations[0])) + 1 + created + 2]));
    }

    /// <summary>The scenario of migrating <see cref="SqliteMigrationTestBase.File"/> to the latest version.</summary>
    private CrashScenario Up(IReadOnlyDictionary<string, string> kept, IReadOnlyList<int> steps)
    {
        var reference = Copy("reference.db");
        var fingerprints = new List<string> { Fingerprint(reference) };
        // Adoption takes all versions at once.
        foreach (var migration in Product.Migrations.Skip(Product.Migrations.Count - steps.Count))
        {
            CrashScenario.Engine(reference.Path).Migrate(new MigrateCommand { TargetVersion = migration.Version.Id });
            fingerprints.Add(Fingerprint(reference));
        }

        return new CrashScenario("migrate-die-at", File, steps, fingerprints, engine => engine.Migrate(new MigrateCommand()))
        {
            Kept = kept,
            Structure = reference.Structure(),
        };
    }

    /// <summary>The scenario of undoing the newest versions of <see cref="SqliteMigrationTestBase.File"/>.</summary>
    private CrashScenario Down(string verb, IReadOnlyDictionary<string, string> kept, int count, Action<MigrationEngine> finish)
    {
        var versions = Product.Migrations.Reverse().Take(count).ToList();
        // BEGIN, DELETE, the fingerprint of the version below if there is one, COMMIT.
        var steps = versions.Select(m => Statements(Product.DownOf(m)) + (m == Product.Migrations[0] ? 3 : 4)).ToList();
        var reference = Copy("reference.db");
        var fingerprints = new List<string> { Fingerprint(reference) };
        foreach (var version in versions)
        {
            CrashScenario.Engine(reference.Path).Rollback(new RollbackCommand { Version = version.Version.Id, MaxValuesLost = long.MaxValue });
            fingerprints.Add(Fingerprint(reference));
        }

        return new CrashScenario(verb, File, steps, fingerprints, finish) { Kept = kept, Structure = reference.Structure() };
    }

    private async Task RunAsync(CrashScenario scenario)
    {
        var names = await scenario.NamePointsAsync(Folder.File("all.db"));
        await CrashSweep.RunAsync(output, names, point => scenario.CheckAsync(Folder.File($"{point}.db"), point, names[point]));
    }

    private static int Statements(MigrationScript script) => script.Statements.Count;

    private static string Fingerprint(SqliteFile file) => CrashScenario.Engine(file.Path).CheckRecorded().Fingerprint;

    private SqliteFile Copy(string name)
    {
        System.IO.File.Copy(File.Path, Folder.File(name));
        return new SqliteFile(Folder.File(name));
    }

    private Dictionary<string, string> ColumnsOf(params string[] tables) =>
        tables.ToDictionary(t => t, t => string.Join(", ", File.Lines($"SELECT name FROM pragma_table_info('{t}')")));
}
