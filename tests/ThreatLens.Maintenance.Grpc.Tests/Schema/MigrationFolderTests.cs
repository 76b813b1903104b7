using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>The service with a folder of the operator's own scripts.</summary>
public sealed class MigrationFolderTests : IDisposable
{
    private readonly TemporaryFolder _scripts = new();

    public void Dispose() => _scripts.Dispose();

    [Fact]
    public async Task Migrate_with_a_folder_applies_its_scripts_hooks_and_placeholders()
    {
        Write("1000_log.up.sql", "-- threatlens: description Keeps a log; ours\nCREATE TABLE ${region}_log (what TEXT);");
        Write("1000_log.down.sql", "DROP TABLE ${region}_log;");
        Write("afterEachMigrate.sql", "CREATE TABLE IF NOT EXISTS seen (at TEXT); INSERT INTO seen VALUES ('${region}');");
        await using var service = await StartAsync("Maintenance__Migrations__Placeholders__region=eu");

        var hook = Assert.Single((await service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true })).Plan.Hooks);
        Assert.Equal(("afterEachMigrate.sql", "INSERT INTO seen VALUES ('eu');"), (hook.Script, hook.Statements[1].Sql));

        var migrated = await service.Maintenance.MigrateAsync(new MigrateRequest());
        Assert.Equal([.. Versions.All, "1000_log"], migrated.Result.Applied.Select(m => m.Version));
        Assert.Equal(["5"], service.Database.Lines("SELECT count(*) FROM seen WHERE at = 'eu'"));
        var status = await service.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal(("1000_log", true), (status.CurrentVersion, status.UpToDate));
        Assert.Equal("Keeps a log; ours", status.Migrations.Single(m => m.Version == "1000_log").Description);
        Assert.DoesNotContain((await service.Maintenance.ValidateAsync(new ValidateRequest())).Differences, d => d.ObjectName == "eu_log");

        var undone = await service.Maintenance.RollbackAsync(new RollbackRequest());
        Assert.Equal(("1000_log", Versions.Indexes), (undone.Result.FromVersion, undone.Result.ToVersion));
        Assert.DoesNotContain("eu_log", service.Database.Tables());
    }

    [Fact]
    public async Task Migrate_script_of_the_folder_that_fails_names_file_line_and_statement()
    {
        Write("1000_bad.up.sql", "CREATE TABLE a (x);\n\nINSERT INTO nowhere VALUES (1);");
        Write("1000_bad.down.sql", "DROP TABLE a;");
        await using var service = await StartAsync();

        var error = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.MigrationFailed, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));

        Assert.Equal(("1000_bad.up.sql", "3", "2"), (error.Metadata["script"], error.Metadata["line"], error.Metadata["statement"]));
        Assert.Equal(Versions.Indexes, await service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Restart_without_the_folder_refuses_to_change_what_it_made()
    {
        Write("1000_a.up.sql", "CREATE TABLE a (x);");
        Write("1000_a.down.sql", "DROP TABLE a;");
        await using var service = await StartAsync();
        await service.Maintenance.MigrateAsync(new MigrateRequest());

        await service.RestartAsync(waitForHealth: false, "Maintenance__Migrations__Path=");

        var error = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseNewer, async () => await service.Maintenance.RollbackAsync(new RollbackRequest()));
        Assert.Contains("Maintenance:Migrations:Path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_migration_without_a_transaction_that_failed_says_how_far_it_came_and_start_up_finishes_it()
    {
        Write("1000_a.up.sql", "-- threatlens: no-transaction\nCREATE TABLE a (x);\nVACUUM;\nINSERT INTO b VALUES (1);");
        Write("1000_a.down.sql", "DROP TABLE a;");
        await using var service = await StartAsync();
        var error = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.MigrationFailed, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));
        Assert.Equal("2", error.Metadata["statementsDone"]);

        var status = await service.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal(new UnfinishedMigration { Version = "1000_a", StatementsDone = 2 }, status.Unfinished);
        Assert.False(status.UpToDate);
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.MigrationUnfinished, async () => await service.Maintenance.RollbackAsync(new RollbackRequest()));
        Assert.Contains("1000_a", (await service.GetHealthAsync()).Body, StringComparison.Ordinal);

        service.Database.Execute("CREATE TABLE b (x)");
        await service.RestartAsync(environment: "Maintenance__MigrateOnStartup=true");

        Assert.Equal("1000_a", await service.CurrentVersionAsync());
        Assert.Null((await service.Maintenance.StatusAsync(new StatusRequest())).Unfinished);
        Assert.Equal(["1"], service.Database.Lines("SELECT x FROM b"));
    }

    [Theory]
    [InlineData("SELECT 1;\nSELECT 'open;", "1000_a.up.sql, line 2 (statement 2): the text that begins with ' does not end")]
    [InlineData("SELECT '${nobody}';", "1000_a.up.sql, line 1 (statement 1): the placeholder ${nobody} has no value")]
    [InlineData(null, "there is no such folder")]
    public async Task Start_with_a_bad_script_or_folder_ends_and_says_why(string? script, string message)
    {
        var path = script is null ? _scripts.File("missing") : _scripts.Path;
        if (script is not null)
        {
            Write("1000_a.up.sql", script);
            Write("1000_a.down.sql", "");
        }

        await RefusedStart.AssertAsync("Maintenance__Migrations__Path", path, message);
    }

    private void Write(string name, string text) => File.WriteAllText(_scripts.File(name), text);

    private Task<RunningService> StartAsync(params string[] environment) =>
        RunningService.StartAsync(environment: ["Maintenance__MigrateOnStartup=false", $"Maintenance__Migrations__Path={_scripts.Path}", .. environment]);
}
