using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>backup, backups, restore: the real command line against the real service.</summary>
public sealed class BackupCommandTests
{
    [Fact]
    public async Task Backup_is_taken_listed_and_restored_once_its_loss_is_confirmed()
    {
        await using var service = await RunningService.StartAsync();
        var database = new SqliteFile(service.DatabasePath);
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        Assert.Contains("There are no backups.", (await service.RunAsync("backups")).Output, StringComparison.Ordinal);
        Assert.Contains("Would take at most", (await service.RunAsync("backup", "--plan")).Output, StringComparison.Ordinal);

        var taken = await service.RunAsync("backup", "--output", "json");
        Assert.Equal(0, taken.Code);
        var backup = BackupResponse.Parser.ParseJson(taken.Output).Result.Backup;
        var listed = await service.RunAsync("backups");
        Assert.Equal(0, listed.Code);
        Assert.Contains(backup.Name, listed.Output, StringComparison.Ordinal);

        database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('a', 'b', 'c')");
        var plan = await service.RunAsync("restore", backup.Name, "--plan");
        Assert.Equal(0, plan.Code);
        Assert.Contains("1 row newer than it would be lost: confirm with --max-rows-lost 1", plan.Output, StringComparison.Ordinal);
        var refused = await service.RunAsync("restore", backup.Name);
        Assert.Equal(1, refused.Code);
        Assert.Contains("ROWS_WOULD_BE_LOST", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1L, database.Scalar("SELECT count(*) FROM raw_logs"));

        var restored = await service.RunAsync("restore", backup.Name, "--max-rows-lost", "1");
        Assert.Equal(0, restored.Code);
        Assert.Contains($"{backup.Name} is in place; 1 row lost.", restored.Output, StringComparison.Ordinal);
        Assert.Equal(0L, database.Scalar("SELECT count(*) FROM raw_logs"));
    }

    [Fact]
    public async Task Rollback_of_a_database_with_rows_names_the_backup_it_took_first()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        new SqliteFile(service.DatabasePath).Execute("INSERT INTO raw_logs(id, content, source) VALUES ('a', 'b', 'c')");

        var down = await service.RunAsync("rollback");

        Assert.Equal(0, down.Code);
        Assert.Contains("Backup taken first: threatlens-", down.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--keep", "0")]
    [InlineData("--keep", "1001")]
    public async Task Backup_keep_out_of_range_is_exit_code_2(string option, string value)
    {
        var result = await CliProcess.RunAsync(new Uri("http://localhost:1"), "backup", option, value);

        Assert.Equal(2, result.Code);
        Assert.Contains("--keep takes 1 to 1000.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_unknown_name_is_exit_code_1_and_says_so()
    {
        await using var service = await RunningService.StartAsync();
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);

        var result = await service.RunAsync("restore", "nothing.db");

        Assert.Equal(1, result.Code);
        Assert.Contains("BACKUP_NOT_FOUND", result.Error, StringComparison.Ordinal);
    }
}
