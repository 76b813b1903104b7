using System.Globalization;
using CsCheck;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>Whatever is done to a schema in whatever order, in the end it is that of its version.</summary>
public sealed class SchemaPropertyTests : SqliteMigrationTestBase
{
    private static readonly MigrationVersion[] Versions = [.. Product.Migrations.Select(m => m.Version)];

    /// <summary>A failure prints the seed to run it again with: pass it to <c>SampleAsync</c> as <c>seed</c>.</summary>
    [Fact]
    public async Task Any_sequence_of_steps_ends_in_the_schema_of_a_fresh_migration()
    {
        var fresh = Versions.ToDictionary(v => v.Id, FreshStructure);
        var number = 0;
        await SchemaStep.Sequence.SampleAsync(
            async steps =>
            {
                var file = new SqliteFile(Folder.File($"{Interlocked.Increment(ref number)}.db"));
                foreach (var step in steps)
                    await RunAsync(step, file);

                var engine = Engine($"Data Source={file.Path}");
                if (engine.GetStatus().DatabaseExists)
                    AssertIsItsVersion(engine, file, fresh);
                engine.Migrate(new MigrateCommand());
                Assert.Equal(fresh[Versions[^1].Id], file.Structure());
            },
            iter: 6 * Rounds.Count, threads: 2, print: steps => string.Join(", ", steps.AsEnumerable()));
    }

    private static void AssertIsItsVersion(MigrationEngine engine, SqliteFile file, Dictionary<string, string> fresh)
    {
        engine.Repair(new RepairCommand());

        var current = engine.GetStatus().CurrentVersion;
        Assert.Equal(current is null ? "" : fresh[current.Id], file.Structure());
        Assert.Equal("ok", file.Scalar("PRAGMA integrity_check"));
        Assert.NotEqual(false, engine.CheckRecorded().IsAsRecorded);
        Assert.True(engine.Validate().IsValid);
    }

    private async Task RunAsync(SchemaStep step, SqliteFile file)
    {
        var engine = Engine($"Data Source={file.Path}");
        var applied = engine.GetStatus().Migrations.Count(m => m.State == MigrationStateKind.Applied);
        switch (step.Kind)
        {
            case SchemaStepKind.Migrate when applied < Versions.Length:
                var target = Versions[applied + step.Number % (Versions.Length - applied)];
                Assert.Equal(target, engine.Migrate(new MigrateCommand { TargetVersion = target.Id }).To);
                break;
            case SchemaStepKind.Rollback when applied > 0:
                var steps = 1 + step.Number % applied;
                Assert.Equal(steps, engine.Rollback(new RollbackCommand { Steps = steps, MaxValuesLost = long.MaxValue }).RolledBack.Count);
                break;
            case SchemaStepKind.Repair when applied > 0:
                engine.Repair(new RepairCommand());
                Assert.True(engine.Validate().IsValid);
                break;
            case SchemaStepKind.DropIndex or SchemaStepKind.ReplaceIndex when applied > 0:
                Damage(file, step);
                break;
            case SchemaStepKind.KillMigrate when applied < Versions.Length:
                await KillAsync("migrate-die-at", file, step.Number);
                break;
            case SchemaStepKind.KillRollback when applied > 1:
                await KillAsync("rollback-die-at", file, step.Number);
                break;
        }
    }

    private static void Damage(SqliteFile file, SchemaStep step)
    {
        var indexes = file.Rows("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name");
        if (indexes.Count == 0)
            return;
        var (name, table) = (indexes[step.Number % indexes.Count][0], indexes[step.Number % indexes.Count][1]);
        file.Execute(step.Kind == SchemaStepKind.DropIndex ? $"DROP INDEX {name}" : $"DROP INDEX {name}; CREATE INDEX {name} ON {table}(id DESC)");
    }

    // The number may be above that of its last point: then it ends by itself.
    private static async Task KillAsync(string verb, SqliteFile file, int point)
    {
        var (exitCode, lines) = await ChildProcess.RunAsync(verb, file.Path, point.ToString(CultureInfo.InvariantCulture));
        Assert.True(exitCode is 0 or 128 + 9, $"{verb} ended with {exitCode}: {string.Join('\n', lines)}");
    }

    private string FreshStructure(MigrationVersion version)
    {
        var file = new SqliteFile(Folder.File($"fresh-{version.Id}.db"));
        Engine($"Data Source={file.Path}").Migrate(new MigrateCommand { TargetVersion = version.Id });
        return file.Structure();
    }
}
