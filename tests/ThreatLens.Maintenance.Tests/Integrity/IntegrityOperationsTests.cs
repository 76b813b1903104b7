using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Tests.Scheduling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Integrity;

/// <summary>Integrity checks as operations, and what is known of them later.</summary>
public sealed class IntegrityOperationsTests : SchedulingTestBase
{
    [Fact]
    public async Task Check_of_a_sound_file_finds_nothing_and_outlasts_the_process()
    {
        await NewOperations(new IntegrityRecord(Database)).CheckAsync(IntegrityDepth.Quick, Request, default);
        Time.Advance(TimeSpan.FromHours(1));
        var full = await NewOperations(new IntegrityRecord(Database)).CheckAsync(IntegrityDepth.Full, Request, default);

        var later = new IntegrityRecord(Database);

        var (quickResult, fullResult) = (later.LastQuick, later.LastFull);
        Assert.NotNull(quickResult);
        Assert.NotNull(fullResult);
        Assert.Equal(TimeSpan.FromHours(1), fullResult.FinishedAt - quickResult.FinishedAt);
        Assert.Equal((full.Id, true, IntegrityDepth.Full), (fullResult.OperationId, fullResult.IsIntact, fullResult.Depth));
        Assert.Same(fullResult, later.Newest);
        Assert.Equal(fullResult.FinishedAt, Assert.IsType<IntegrityCheckResult>(Runner.Get(full.Id).Result).FinishedAt);
    }

    [Fact]
    public async Task Full_check_finds_an_index_that_lacks_rows_and_the_quick_one_does_not()
    {
        // What a tool does that writes with writable_schema: the index is told to be another one's pages.
        File.Execute(
            """
            CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2), (3, 4);
            CREATE INDEX t_a ON t(a); CREATE INDEX t_b ON t(b);
            PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET sql = 'CREATE INDEX t_a ON t(b)' WHERE name = 't_a';
            """);
        var operations = NewOperations(new IntegrityRecord(Database));

        var quick = (IntegrityCheckResult)(await operations.CheckAsync(IntegrityDepth.Quick, Request, default)).Result!;
        var full = (IntegrityCheckResult)(await operations.CheckAsync(IntegrityDepth.Full, Request, default)).Result!;

        Assert.Empty(quick.Problems);
        Assert.Contains(full.Problems, p => p.Contains("t_a", StringComparison.Ordinal));
        Assert.Equal(full.Problems, new IntegrityRecord(Database).LastFull!.Problems);
    }

    [Fact]
    public async Task Check_while_one_runs_is_refused_naming_it()
    {
        MayEnd.Reset();
        var running = RunJobAsync("somebody");
        await UntilAsync(() => Operations.Count == 1, "the other has begun");

        var refused = await Assert.ThrowsAsync<MaintenanceException>(() => NewOperations(new IntegrityRecord(Database)).CheckAsync(IntegrityDepth.Full, Request, default));

        Assert.Equal((ErrorReasons.OperationConflict, Operations[0].Id), (refused.Reason, refused.OperationId));
        MayEnd.Set();
        await running;
    }

    [Fact]
    public void Check_that_is_cancelled_has_found_nothing_out()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => new IntegrityChecker(Database, Time, NullLogger<IntegrityChecker>.Instance).Check(IntegrityDepth.Full, cancelled.Token));
    }

    [Fact]
    public void Forget_leaves_what_the_database_has_on_record()
    {
        OwnTables.Ensure(mayCreateDatabase: false, CancellationToken.None);
        var record = new IntegrityRecord(Database);
        record.Store(new IntegrityCheckResult(IntegrityDepth.Quick, Time.GetUtcNow(), TimeSpan.FromSeconds(2), []) { OperationId = "stored" });
        record.Remember(new IntegrityCheckResult(IntegrityDepth.Quick, Time.GetUtcNow().AddHours(1), TimeSpan.Zero, ["a problem"]));
        Assert.False(record.Newest!.IsIntact);

        record.Forget();

        Assert.Equal(("stored", TimeSpan.FromSeconds(2)), (record.Newest!.OperationId, record.Newest.Duration));
    }

    [Fact]
    public void Record_of_a_database_that_cannot_be_written_is_remembered()
    {
        var record = new IntegrityRecord(Database);
        var result = new IntegrityCheckResult(IntegrityDepth.Full, Time.GetUtcNow(), TimeSpan.Zero, ["a problem"]);

        // The tables are not there.
        Assert.ThrowsAny<Exception>(() => record.Store(result));

        Assert.Same(result, record.LastFull);
        Assert.Null(record.LastQuick);
    }

    private static OperationRequest Request { get; } = new() { Caller = new OperationCaller("test", false) };

    private IntegrityOperations NewOperations(IntegrityRecord record) =>
        new(new IntegrityChecker(Database, Time, NullLogger<IntegrityChecker>.Instance), record, Runner, NullLogger<IntegrityOperations>.Instance);
}
