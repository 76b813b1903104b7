using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Tests.Children;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

public sealed class MaintenanceLockTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(Now);

    private string LockFile => _folder.File("threatlens.db.maintenance.lock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryAcquire_free_says_who_holds_it()
    {
        using var held = Take("migrate by alice", operationId: "op-1");

        Assert.NotNull(held);
        var expected = new LockOwner("migrate by alice")
        {
            OperationId = "op-1",
            Pid = Environment.ProcessId,
            Host = Environment.MachineName,
            Since = Now,
        };
        Assert.Equal(expected, MaintenanceLock.ReadOwner(LockFile));
        Assert.Equal(expected, held.Owner);
    }

    [Fact]
    public void TryAcquire_held_in_this_process_returns_null_and_keeps_the_owner()
    {
        using var held = Take("first");

        Assert.Null(Take("second"));
        // Reading the owner opens and closes the file, which must not free the lock.
        Assert.Equal("first", MaintenanceLock.ReadOwner(LockFile)?.Owner);
        Assert.Null(Take("third"));
    }

    [Fact]
    public void Dispose_frees_it_and_leaves_an_empty_file()
    {
        var held = Take("a much longer text than the next owner's");
        held!.Dispose();
        held.Dispose();

        Assert.True(File.Exists(LockFile));
        Assert.Null(MaintenanceLock.ReadOwner(LockFile));
        using var next = Take("b");
        Assert.Equal("b", MaintenanceLock.ReadOwner(LockFile)?.Owner);
    }

    [Fact]
    public async Task TryAcquire_holder_killed_is_free_at_once()
    {
        using var child = await ChildProcess.StartAsync("hold-lock", LockFile, "the other process");
        Assert.Null(Take("too early"));
        var owner = MaintenanceLock.ReadOwner(LockFile);
        Assert.Equal(("the other process", child.Id), (owner?.Owner, owner?.Pid));

        await child.KillAsync();

        using var taken = Take("after the kill");
        Assert.NotNull(taken);
        Assert.Equal("after the kill", MaintenanceLock.ReadOwner(LockFile)?.Owner);
    }

    [Fact]
    public async Task AcquireAsync_held_gets_it_when_the_other_lets_go()
    {
        var held = Take("first");
        var waiting = MaintenanceLock.AcquireAsync(LockFile, new LockOwner("second"), Eventually.Limit, TimeProvider.System);
        Assert.False(waiting.IsCompleted);

        held!.Dispose();

        using var taken = await waiting.WaitAsync(Eventually.Limit);
        Assert.Equal("second", MaintenanceLock.ReadOwner(LockFile)?.Owner);
    }

    [Fact]
    public async Task AcquireAsync_held_for_too_long_is_a_conflict_naming_the_holder()
    {
        using var held = Take("migrate by alice", operationId: "op-1");

        var error = await Assert.ThrowsAsync<MaintenanceException>(
            () => MaintenanceLock.AcquireAsync(LockFile, new LockOwner("second"), TimeSpan.Zero, _time));

        Assert.Equal((ErrorKind.Aborted, ErrorReasons.OperationConflict, "op-1"), (error.Kind, error.Reason, error.OperationId));
        Assert.Contains("migrate by alice", error.Message, StringComparison.Ordinal);
        Assert.Equal("2026-11-01 12:00:00.000000", error.Metadata["since"]);
    }

    [Fact]
    public async Task AcquireAsync_cancelled_stops_waiting()
    {
        using var held = Take("first");
        using var cancellation = new CancellationTokenSource();
        var waiting = MaintenanceLock.AcquireAsync(LockFile, new LockOwner("second"), TimeSpan.FromHours(1), _time, cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public void TryAcquire_missing_directory_says_so()
    {
        var path = Path.Combine(_folder.File("nowhere"), "x.lock");

        Expect.Refusal(ErrorReasons.DatabaseDirectoryMissing, () => MaintenanceLock.TryAcquire(path, new LockOwner("a"), _time));
        Assert.Null(MaintenanceLock.ReadOwner(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"owner\":\"a\",")]
    [InlineData("not json")]
    public void ReadOwner_unreadable_content_is_nobody(string content)
    {
        File.WriteAllText(LockFile, content);

        Assert.Null(MaintenanceLock.ReadOwner(LockFile));
        using var taken = Take("a");
        Assert.NotNull(taken);
    }

    private MaintenanceLock? Take(string owner, string? operationId = null) =>
        MaintenanceLock.TryAcquire(LockFile, new LockOwner(owner) { OperationId = operationId }, _time);
}
