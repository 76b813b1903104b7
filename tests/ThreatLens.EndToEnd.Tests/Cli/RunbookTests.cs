using System.Diagnostics;
using System.Text.RegularExpressions;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>The runbooks of docs/operations.md for the schema, followed command by command as they are printed there.</summary>
public sealed partial class RunbookTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteFile _database;

    public RunbookTests() => _database = new SqliteFile(_folder.File("threatlens.db"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Drift_is_mended_by_its_runbook()
    {
        await using var service = await StartAsync();
        await RunAsync(service, "threatlens migrate", 0);
        var blocks = Blocks("Drift");

        _database.Execute("DROP INDEX idx_reports_date");
        var etag = RepairResponse.Parser.ParseJson((await CliProcess.RunAsync(service.Grpc, "repair", "--plan", "--output", "json")).Output).Plan.Etag;
        await FollowAsync(service, blocks[0], [3, 0, 0, 0], ("ETAG", etag));

        _database.Execute("UPDATE schema_migrations SET checksum = 'edited' WHERE version LIKE '002%'");
        await FollowAsync(service, blocks[1], [0, 0, 0]);
        await RunAsync(service, "threatlens validate", 0);
    }

    [Fact]
    public async Task Failed_migration_is_found_and_finished_by_its_runbook()
    {
        Directory.CreateDirectory(_folder.File("scripts"));
        File.WriteAllText(_folder.File("scripts/1000_a.up.sql"), "CREATE UNIQUE INDEX ones ON raw_logs(content);");
        File.WriteAllText(_folder.File("scripts/1000_a.down.sql"), "DROP INDEX ones;");
        await using var service = await StartAsync(("Maintenance__Migrations__Path", _folder.File("scripts")));
        await RunAsync(service, "threatlens migrate --to 003", 0);
        _database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('a', 'twice', 'c'), ('b', 'twice', 'c')");
        await RunAsync(service, "threatlens migrate", 1);
        var failed = ListOperationsResponse.Parser.ParseJson((await CliProcess.RunAsync(service.Grpc, "operations", "--state", "failed", "--output", "json")).Output);
        var id = Assert.Single(failed.Operations).Id;
        var commands = Assert.Single(Blocks("A failed migration"));
        var mending = Array.FindIndex(commands, c => c.EndsWith("--plan", StringComparison.Ordinal));

        var shown = await FollowAsync(service, commands[..mending], [0, 0, 3], ("ID", id));
        Assert.Contains("1000_a.up.sql, statement 1 (line 1)", shown, StringComparison.Ordinal);
        _database.Execute("DELETE FROM raw_logs WHERE id = 'b'");
        await FollowAsync(service, commands[mending..], [0, 0, 0]);

        Assert.Contains("ones", _database.Indexes());
    }

    [Fact]
    public async Task Damaged_database_is_replaced_by_its_runbook()
    {
        string name;
        await using (var service = await StartAsync())
        {
            await RunAsync(service, "threatlens migrate", 0);
            _database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('kept', 'b', 'c')");
            name = BackupResponse.Parser.ParseJson((await CliProcess.RunAsync(service.Grpc, "backup", "--output", "json")).Output).Result.Backup.Name;
            _database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('newer', 'b', 'c')");

            string[] steps = [.. InlineCommand().Matches(Section("A damaged database").Split("If the file cannot be opened")[0]).Select(m => m.Groups[1].Value).Where(c => !c.Contains("health-report", StringComparison.Ordinal))];
            await FollowAsync(service, steps, [0, 0, 0, 0], ("NAME", name), ("N", "1"));
            Assert.Equal("kept", _database.Scalar("SELECT group_concat(id) FROM raw_logs"));
            await service.StopAsync();
        }

        await File.WriteAllBytesAsync(_database.Path, new byte[8192]);
        File.WriteAllText(_database.Path + "-wal", "");
        var block = string.Join('\n', Assert.Single(Blocks("A damaged database"))).Replace("/var/lib/threatlens", _folder.Path, StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal);
        using var shell = Process.Start("bash", ["-e", "-c", block]);
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
        await using var restarted = await StartAsync();

        await RunAsync(restarted, "threatlens status", 0);
        Assert.Equal("kept", _database.Scalar("SELECT group_concat(id) FROM raw_logs"));
        Assert.True(File.Exists(_folder.File("damaged/threatlens.db-wal")));
    }

    private async Task<MaintenanceProcess> StartAsync(params (string Key, string Value)[] settings)
    {
        var service = await MaintenanceProcess.StartAsync(
            _database.Path, settings.Append(("Maintenance__MigrateOnStartup", "false")).ToDictionary(s => s.Item1, string? (s) => s.Item2));
        await service.WaitForHealthAsync();
        return service;
    }

    /// <summary>Gives the commands one after the other, each with the exit code that it must have.</summary>
    private static async Task<string> FollowAsync(MaintenanceProcess service, string[] commands, int[] codes, params (string Word, string Value)[] words)
    {
        Assert.True(commands.Length == codes.Length, $"{codes.Length} commands are expected: {string.Join("; ", commands)}");
        var output = "";
        foreach (var (command, code) in commands.Zip(codes))
            output += await RunAsync(service, words.Aggregate(command, (c, w) => Regex.Replace(c, $@"\b{w.Word}\b", w.Value)), code);
        return output;
    }

    private static async Task<string> RunAsync(MaintenanceProcess service, string command, int code)
    {
        Assert.StartsWith("threatlens ", command, StringComparison.Ordinal);
        var result = await CliProcess.RunAsync(service.Grpc, command.Split(' ')[1..]);
        Assert.True(result.Code == code, $"{command}: {result.Code}\n{result.Output}\n{result.Error}");
        return result.Output + result.Error;
    }

    private static string Section(string title)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var start = text.IndexOf($"\n## {title}\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"There is no section '{title}'.");
        var end = text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return text[start..(end < 0 ? text.Length : end)];
    }

    /// <summary>The commands of each block of a section, without what is said about them.</summary>
    private static string[][] Blocks(string title) =>
        [.. Block().Matches(Section(title)).Select(b => b.Groups[1].Value.Split('\n').Select(line => line.Split(" #")[0].Trim()).Where(line => line.Length > 0).ToArray())];

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`(threatlens [^`]+)`")]
    private static partial Regex InlineCommand();
}
