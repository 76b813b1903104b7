using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Errors;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Backups.Drills;

public sealed class RestoreDrillTests : BackupTestBase
{
    [Fact]
    public void Run_of_the_newest_backup_passes_is_remembered_and_leaves_nothing()
    {
        Migrated(50);
        Take();
        AddEvents(5);
        var newest = Take();
        AddEvents(7);
        var before = Untouched();
        var id = NewId();

        var result = Drill().Run(null, id, null, CancellationToken.None);

        Assert.True(result.Passed, string.Join("; ", result.Problems));
        Assert.Equal(newest.Name, result.Backup.Name);
        Assert.True(result.RecoveryDuration > TimeSpan.Zero);
        Assert.Empty(Leftovers());
        Assert.Equal(before, Untouched());
        var last = Store().ReadLast();
        Assert.Equal((id, newest.Name, true), (last.Last!.OperationId, last.Last.BackupName, last.Last.Passed));
        Assert.Equal(last.Last.OperationId, last.LastPassed!.OperationId);
    }

    [Fact]
    public void Run_of_a_damaged_backup_does_not_pass_and_the_last_that_did_is_still_known()
    {
        Migrated(500);
        var good = Take();
        Assert.True(Drill().Run(good.Name, NewId(), null, CancellationToken.None).Passed);
        var bad = Take();
        Damage(FileOf(bad).Path, 3 * 4096, 4096);

        var result = Drill().Run(null, NewId(), null, CancellationToken.None);

        Assert.False(result.Passed);
        Assert.Contains(bad.Name, Assert.Single(result.Problems), StringComparison.Ordinal);
        var last = Store().ReadLast();
        Assert.Equal((bad.Name, false), (last.Last!.BackupName, last.Last.Passed));
        Assert.Equal(result.Problems, last.Last.Problems);
        Assert.Equal(good.Name, last.LastPassed!.BackupName);
        Assert.Empty(Leftovers());
    }

    [Fact]
    public void Run_of_a_backup_from_before_the_present_own_tables_passes()
    {
        Migrated(20);
        var backup = Take();
        FileOf(backup).Execute("DROP TABLE maintenance_source_rhythms; DROP TABLE maintenance_clock_acceptances; DROP TABLE maintenance_schedules; DROP TABLE maintenance_integrity_checks; DROP TABLE maintenance_restore_drills; DROP TABLE maintenance_health_samples; UPDATE maintenance_schema SET version = 3; PRAGMA journal_mode = DELETE");

        var result = Drill().Run(backup.Name, NewId(), null, CancellationToken.None);

        Assert.True(result.Passed, string.Join("; ", result.Problems));
    }

    [Fact]
    public void Run_of_a_backup_of_a_newer_service_does_not_pass()
    {
        Migrated();
        var backup = Take();
        FileOf(backup).Execute("UPDATE maintenance_schema SET version = 1000; PRAGMA journal_mode = DELETE");

        var result = Drill().Run(backup.Name, NewId(), null, CancellationToken.None);

        Assert.False(result.Passed);
        Assert.Contains("newer version", Assert.Single(result.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_without_a_backup_says_how_to_take_one()
    {
        Migrated();

        var error = Expect.Failure(ErrorKind.NotFound, ErrorReasons.BackupNotFound, () => Drill().Run(null, NewId(), null, CancellationToken.None));

        Assert.Contains("threatlens backup", error.Message, StringComparison.Ordinal);
        Expect.Failure(ErrorKind.NotFound, ErrorReasons.BackupNotFound, () => Drill().Plan("threatlens-20260101-000000000-none.db"));
        Assert.Null(Store().ReadLast().Last);
    }

    [Fact]
    public void Run_beside_another_rehearsal_is_refused()
    {
        Migrated();
        Take();
        using var other = Backups().EnterRehearsal(new Maintenance.Databases.Sqlite.LockOwner("test"));

        Expect.Failure(ErrorKind.Aborted, ErrorReasons.OperationConflict, () => Drill().Run(null, NewId(), null, CancellationToken.None));
    }

    [Fact]
    public void Run_interrupted_leaves_nothing_and_remembers_nothing()
    {
        Migrated(100);
        Take();
        using var cancellation = new CancellationTokenSource();

        Assert.ThrowsAny<OperationCanceledException>(() => Drill().Run(null, NewId(), (_, done, _) =>
        {
            if (done == 2)
                cancellation.Cancel();
        }, cancellation.Token));

        Assert.Empty(Leftovers());
        Assert.Null(Store().ReadLast().Last);
    }

    [Fact]
    public void Plan_tells_the_backup_and_the_room_and_writes_nothing()
    {
        Migrated(10);
        var backup = Take();

        var plan = Drill().Plan(null);

        Assert.Equal((backup.Name, backup.Bytes * 2), (plan.Backup.Name, plan.RequiredBytes));
        Assert.True(plan.AvailableBytes > 0);
        Assert.Null(Store().ReadLast().Last);
    }

    [Fact]
    public void Restore_keeps_what_is_known_of_drills()
    {
        Migrated(5);
        var backup = Take();
        Drill().Run(null, NewId(), null, CancellationToken.None);

        Restorer().Restore(new RestoreCommand { BackupName = backup.Name }, NewId());

        Assert.Equal(backup.Name, Store().ReadLast().LastPassed?.BackupName);
    }

    [Fact]
    public void Add_keeps_a_hundred_and_the_last_that_passed()
    {
        Migrated();
        var begun = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 130; i++)
            Store().Add(new StoredDrill(NewId(), "b", begun.AddDays(i), TimeSpan.FromSeconds(i), i == 3, []));

        var last = Store().ReadLast();

        Assert.Equal((begun.AddDays(129), begun.AddDays(3)), (last.Last!.EndedAt, last.LastPassed!.EndedAt));
        Assert.Equal(101L, File.Scalar("SELECT count(*) FROM maintenance_restore_drills"));
    }

    /// <summary>All that a drill must leave alone: everything but what it remembers.</summary>
    private List<string> Untouched() => [.. File.Snapshot().Split('\n').Where(line => !line.StartsWith("maintenance_restore_drills:", StringComparison.Ordinal))];

    private RestoreDrillStore Store() => new(Database());

    private RestoreDrill Drill() => new(Database(), Backups(), Taker(), Restorer(), Store(), Product, TimeProvider.System, NullLogger<RestoreDrill>.Instance);
}
