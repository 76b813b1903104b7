using System.Diagnostics;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Backups;

/// <summary>Backups and restores whose process is killed: at random moments, spread over the time one takes.</summary>
public sealed class BackupCrashTests(ITestOutputHelper output) : BackupTestBase
{
    private const string Log = "SELECT group_concat(id) FROM (SELECT id FROM raw_logs ORDER BY id)";

    [Fact]
    public async Task Restore_killed_at_any_moment_leaves_the_old_content_or_the_new_one()
    {
        Migrated();
        AddEvents(300, 4000);
        var restored = File.Scalar(Log);
        var backup = Take();
        AddEvents(50, 4000);
        var present = File.Scalar(Log);
        // The first runs to its end: how long one takes is what the moments of the others are spread over.
        var whole = await KillRestoreAsync(backup, NewId(), after: null);
        Assert.Equal(restored, File.Scalar(Log));

        var (old, replaced) = (0, 0);
        for (var round = 0; round < Rounds.Count * 3; round++)
        {
            AddEvents(5, 4000);
            present = File.Scalar(Log);
            var operation = NewId();
            InsertOperation(operation);
            await KillRestoreAsync(backup, operation, whole * (Random.Shared.NextDouble() * 1.2));

            var found = File.Scalar(Log);
            Assert.True(Equals(found, present) || Equals(found, restored), "neither the old content nor the new one");
            Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
            // The operation's own row tells which of them it is.
            var message = (string)File.Scalar($"SELECT json_extract(progress, '$.Message') FROM maintenance_operations WHERE id = '{operation}'")!;
            Assert.Equal(Equals(found, restored), message.Contains("is in place", StringComparison.Ordinal));
            if (Equals(found, restored))
            {
                replaced++;
                var aside = System.IO.Directory.EnumerateFiles(Directory, "*-replaced.sqlite").Max(StringComparer.Ordinal)!;
                Assert.Equal(present, new SqliteFile(aside).Scalar(Log));
            }
            else
            {
                old++;
            }
        }

        output.WriteLine($"{old} kills left the old content, {replaced} the new one");
        // The next one goes on without a human, and clears away what the others left.
        Restorer().Restore(new RestoreCommand { BackupName = backup.Name, MaxRowsLost = long.MaxValue }, NewId());
        Assert.Equal(restored, File.Scalar(Log));
        Assert.Empty(Leftovers());
    }

    [Fact]
    public async Task Take_killed_at_any_moment_leaves_no_backup_that_is_not_whole()
    {
        Migrated();
        AddEvents(300, 4000);
        var content = File.Scalar(Log);
        var whole = await KillTakeAsync(null);
        Assert.Single(Backups().List());

        for (var round = 0; round < Rounds.Count; round++)
        {
            await KillTakeAsync(whole * (Random.Shared.NextDouble() * 1.2));

            foreach (var backup in Backups().List())
            {
                Assert.NotNull(backup.VerifiedAt);
                Assert.Equal(content, FileOf(backup).Scalar(Log));
            }
        }

        Take();
        Assert.Empty(Leftovers());
    }

    /// <returns>How long it ran.</returns>
    private Task<TimeSpan> KillRestoreAsync(Backup backup, string operation, TimeSpan? after) => KillAsync(after, "restore", File.Path, backup.Name, operation);

    private Task<TimeSpan> KillTakeAsync(TimeSpan? after) => KillAsync(after, "backup", File.Path, NewId());

    private static async Task<TimeSpan> KillAsync(TimeSpan? after, params string[] words)
    {
        using var child = await ChildProcess.StartAsync(words);
        var watch = Stopwatch.StartNew();
        await child.WriteLineAsync("go");
        if (after is { } moment)
            await Task.Delay(moment);
        else
            Assert.NotNull(await child.ReadLineAsync());
        var ran = watch.Elapsed;
        await child.KillAsync();
        return ran;
    }

    private void InsertOperation(string id) => File.Execute(
        $$"""
        INSERT INTO maintenance_operations(id, kind, state, caller, caller_verified, request_digest, process, created_at, progress)
        VALUES ('{{id}}', 'Restore', 'Running', 'test', 0, '', '', '2026-01-01 00:00:00.000000', '{"Sequence":1,"Message":"begun"}')
        """);
}
