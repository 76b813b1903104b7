using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Ingest;
using ThreatLens.Maintenance.Grpc.Tests.Operations;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Space;

/// <summary>Optimize and GetDatabaseSize as callers see them, on a service of their own whose database has free pages.</summary>
public sealed class OptimizeTests : IAsyncLifetime
{
    private RunningService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await RunningService.StartAsync(environment: RunningService.Quiet);
        await _service.SettledAsync();
        _service.Database.Execute("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value) SELECT 'source', 'type', i FROM n;
            DELETE FROM processing_metrics WHERE id < 15000
            """);
        await _service.EmptyLogAsync();
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Optimize_as_planned_gives_space_back_and_is_an_operation()
    {
        var planned = await _service.Maintenance.OptimizeAsync(new OptimizeRequest { ValidateOnly = true });

        Assert.Null(planned.Operation);
        Assert.True(planned.Plan.FreeBytes > 500_000 && planned.Plan.ExpectedGainBytes == planned.Plan.FreeBytes);
        Assert.Equal((AutoVacuum.Incremental, false, 64), (planned.Plan.AutoVacuum, planned.Plan.Rewrites, planned.Plan.Etag.Length));

        var before = DatabaseBytes();
        var done = await _service.Maintenance.OptimizeAsync(new OptimizeRequest { Etag = planned.Plan.Etag, RequestId = "space" });
        var again = await _service.Maintenance.OptimizeAsync(new OptimizeRequest { Etag = planned.Plan.Etag, RequestId = "space" });

        Assert.Equal(done.Operation.Id, again.Operation.Id);
        Assert.Equal((OperationKind.Optimize, OperationState.Succeeded), (done.Operation.Kind, done.Operation.State));
        Assert.True(done.Result is { FreeBytesAfter: 0, Slices: > 0, Rewrote: false } && done.Result.ReturnedPages * 4096 > 500_000, $"{done.Result}");
        Assert.True(DatabaseBytes() < before - 500_000);
        Assert.Equal(before, done.Result.BytesBefore);
        // A look of the service at its database that lasts too long puts off the moment at which the file is cut short, and it is told as long as it is.
        Assert.True(done.Result.WalBytesAfter > 0 || done.Result.BytesAfter < before - 500_000, $"{done.Result}");
        await Eventually.UntilAsync(() => new FileInfo(_service.Database.Path).Length < before - 500_000, "the file is shorter");
        Assert.Contains("processing_metrics", done.Result.AnalyzedTables);
        var recorded = Assert.Single((await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.Optimize })).Operations);
        Assert.Equal(done.Result, recorded.Optimize);
        // Statistics are SQLite's own tables: no drift.
        Assert.True((await _service.Maintenance.ValidateAsync(new ValidateRequest())).Valid);
    }

    [Fact]
    public async Task Optimize_beside_another_one_is_refused_and_cancelled_it_ends_between_two_slices()
    {
        // A second between two slices, and enough for many of them: it is still on its way when the others come.
        FreeManyPages();
        await _service.RestartAsync(environment: ["Maintenance__Optimization__Pause=00:00:01", "Maintenance__Optimization__MaxWriteLock=00:00:00.001"]);
        var first = await _service.Maintenance.OptimizeAsync(new OptimizeRequest { WaitTimeout = new Duration() });
        await _service.WatchUntilAsync(first.Operation.Id, o => o.Progress is { Unit: "pages", Completed: > 0 });

        var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationConflict, async () => await _service.Maintenance.OptimizeAsync(new OptimizeRequest()));
        Assert.Equal(first.Operation.Id, error.OperationId);
        await _service.Maintenance.BackupAsync(new BackupRequest());
        await _service.Maintenance.CancelOperationAsync(new CancelOperationRequest { OperationId = first.Operation.Id });

        var ended = await _service.WatchToEndAsync(first.Operation.Id);
        Assert.Equal((OperationState.Cancelled, ErrorReasons.OperationCancelled), (ended.State, ended.Error.Reason));
        Assert.True(ended.Progress.Completed > 0 && ended.Progress.Completed < ended.Progress.Total);
        Assert.Equal("ok", _service.Database.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Optimize_whose_process_is_killed_between_slices_again_and_again_keeps_what_it_gave_back_and_is_finished_by_the_next()
    {
        FreeManyPages();
        var rows = _service.Database.Content("processing_metrics");
        var free = FreePages();
        var killed = "";
        // Each round takes a start and seconds of slices: half as many as of others.
        for (var round = 0; round < Rounds.Count; round += 2)
        {
            // A second between two slices: the kill always comes between two, or within the second one.
            await _service.RestartAsync(environment: ["Maintenance__Optimization__Pause=00:00:01", "Maintenance__Optimization__MaxWriteLock=00:00:00.001"]);
            if (killed.Length > 0)
                Assert.Equal(OperationState.Interrupted, (await _service.GetOperationAsync(killed)).State);
            killed = (await _service.Maintenance.OptimizeAsync(new OptimizeRequest { WaitTimeout = new Duration() })).Operation.Id;
            await _service.WatchUntilAsync(killed, o => o.Progress is { Unit: "pages", Completed: > 0 });
            await _service.Process.KillAsync();

            Assert.Equal("ok", _service.Database.Scalar("PRAGMA integrity_check"));
            var left = FreePages();
            Assert.InRange(left, 1, free - 1);
            free = left;
        }

        await _service.RestartAsync(environment: ["Maintenance__Optimization__Pause=00:00:00", "Maintenance__Optimization__MaxWriteLock=00:00:00.050"]);
        // What the service itself has freed meanwhile is a page or two.
        Assert.InRange((await _service.Maintenance.OptimizeAsync(new OptimizeRequest())).Result.FreeBytesAfter, 0, 64 * 4096);
        Assert.Equal(rows, _service.Database.Content("processing_metrics"));
        Assert.Equal("ok", _service.Database.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Optimize_with_full_vacuum_beside_ingest_loses_nothing_of_it()
    {
        using var producer = await Producer.HelloAsync(_service, "space");
        var optimizing = _service.Maintenance.OptimizeAsync(new OptimizeRequest { FullVacuum = true }).ResponseAsync;
        var sent = 0L;
        while (!optimizing.IsCompleted)
            await producer.StoreAsync(Producer.Batch(++sent, Producer.Sample("during")));

        Assert.True((await optimizing).Result is { Rewrote: true, FreeBytesAfter: 0 });
        await producer.StoreAsync(Producer.Batch(++sent, Producer.Sample("during")));
        Assert.Equal(sent, _service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'during'"));
    }

    [Fact]
    public async Task Optimize_of_an_etag_that_no_longer_holds_is_aborted_and_no_operation()
    {
        await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.OptimizeAsync(new OptimizeRequest { Etag = "x" }));

        Assert.Empty((await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.Optimize })).Operations);
    }

    [Fact]
    public async Task Size_names_every_object_and_adds_up()
    {
        var size = (await _service.Maintenance.GetDatabaseSizeAsync(new GetDatabaseSizeRequest())).Size;

        Assert.Equal(size.DatabaseBytes, size.Objects.Sum(o => o.Bytes) + size.FreeBytes + size.OverheadBytes);
        Assert.Equal(new FileInfo(_service.Database.Path).Length, size.FileBytes);
        var metrics = Assert.Single(size.Objects, o => o.Name == "processing_metrics");
        Assert.Equal(("table", 5001L, 0, 0), (metrics.ObjectType, metrics.Rows, metrics.ErrorBound, metrics.RowsErrorBound));
        Assert.Equal("processing_metrics", Assert.Single(size.Objects, o => o.Name == "idx_processing_metrics_type").Table);
        Assert.Equal(
            _service.Database.Lines("SELECT name FROM sqlite_master WHERE rootpage > 0").Append("sqlite_schema").Order(StringComparer.Ordinal),
            size.Objects.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.NotEmpty(size.Method);
    }

    [Fact]
    public async Task Index_advice_names_the_index_why_and_the_migration()
    {
        var advice = (await _service.Maintenance.GetIndexAdviceAsync(new GetIndexAdviceRequest())).Advice;

        var redundant = Assert.Single(advice, a => a.Index == "idx_processing_metrics_source");
        Assert.Equal((IndexAdviceKind.RedundantPrefix, "processing_metrics"), (redundant.Kind, redundant.Table));
        Assert.Contains("idx_processing_metrics_source_type_time", redundant.Reason, StringComparison.Ordinal);
        Assert.Contains("DROP INDEX \"idx_processing_metrics_source\"", redundant.MigrationSql, StringComparison.Ordinal);
        Assert.Contains("idx_processing_metrics_source", _service.Database.Indexes());
    }

    [Fact]
    public async Task Space_without_a_database_says_so()
    {
        await using var fresh = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");

        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.OptimizeAsync(new OptimizeRequest()));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.OptimizeAsync(new OptimizeRequest { ValidateOnly = true }));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.GetDatabaseSizeAsync(new GetDatabaseSizeRequest()));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.GetIndexAdviceAsync(new GetIndexAdviceRequest()));

        Assert.False(File.Exists(fresh.Database.Path));
    }

    /// <summary>Enough for many slices.</summary>
    private void FreeManyPages() => _service.Database.Execute("""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
        INSERT INTO processing_metrics(source_name, metric_type, metric_value) SELECT 'large', 'type', hex(zeroblob(2000)) FROM n;
        DELETE FROM processing_metrics WHERE source_name = 'large'
        """);

    private long FreePages() => (long)_service.Database.Scalar("PRAGMA freelist_count")!;

    /// <summary>Pages of the database, wherever they are; of the service's default size.</summary>
    private long DatabaseBytes() => (long)_service.Database.Scalar("PRAGMA page_count")! * 4096;
}
