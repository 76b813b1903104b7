using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Operations;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Backups;

public sealed class RestoreTests : IAsyncLifetime
{
    private const string Producer = "producer";
    private RunningService _service = null!;

    public async ValueTask InitializeAsync() => _service = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=true");

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Restore_ends_the_streams_and_producers_learn_that_their_numbers_went_back()
    {
        using var stream = await OpenAsync(expectedLast: 0);
        await SendAsync(stream, 1);
        var backup = (await _service.Maintenance.BackupAsync(new BackupRequest())).Result.Backup;
        await SendAsync(stream, 2);
        await SendAsync(stream, 3);

        var plan = (await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup.Name, ValidateOnly = true })).Plan;
        Assert.Equal((2L, backup), (plan.RowsLost, plan.Backup));
        var refused = await Expect.ErrorAsync(
            StatusCode.FailedPrecondition, ErrorReasons.RowsWouldBeLost, async () => await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup.Name, MaxRowsLost = 1 }));
        Assert.Equal("2", refused.Metadata["rowsLost"]);
        Assert.Equal(3L, Metrics());

        var response = await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup.Name, MaxRowsLost = 2, Etag = plan.Etag });

        Assert.Equal((2L, backup.Name, response.Result), (response.Result.RowsLost, response.Result.Backup.Name, response.Operation.Restore));
        Assert.True(File.Exists(response.Result.ReplacedPath));
        Assert.Equal(1L, Metrics());
        // The old stream hears of it without sending anything.
        var ended = await Assert.ThrowsAsync<RpcException>(async () => await stream.ResponseStream.MoveNext(CancellationToken.None));
        Expect.Error(StatusCode.Aborted, ErrorReasons.DatabaseRestored, ended);
        using var next = await OpenAsync(expectedLast: 1);
        await SendAsync(next, 2);
        Assert.Equal(2L, Metrics());
        Assert.Equal("ok", _service.Database.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Restore_keeps_the_operations_and_the_etag_of_another_schema_is_refused()
    {
        var backup = (await _service.Maintenance.BackupAsync(new BackupRequest())).Result.Backup;
        var etag = (await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup.Name, ValidateOnly = true })).Plan.Etag;
        await _service.Maintenance.RollbackAsync(new RollbackRequest());

        await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup.Name, Etag = etag }));
        var request = new RestoreRequest { BackupName = backup.Name, RequestId = "once" };
        var restored = await _service.Maintenance.RestoreAsync(request);

        Assert.Equal(Versions.Indexes, await _service.CurrentVersionAsync());
        Assert.Equal(restored.Operation.Id, (await _service.Maintenance.RestoreAsync(request)).Operation.Id);
        await _service.RestartAsync();
        var kinds = (await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest())).Operations.Select(o => (o.Kind, o.State));
        Assert.Equal(
            [
                (OperationKind.Restore, OperationState.Succeeded), (OperationKind.Restore, OperationState.Failed), (OperationKind.Rollback, OperationState.Succeeded),
                (OperationKind.Backup, OperationState.Succeeded), (OperationKind.Migrate, OperationState.Succeeded),
            ],
            kinds);
        Assert.Equal(restored.Result, (await _service.GetOperationAsync(restored.Operation.Id)).Restore);
        Assert.Equal(restored.Operation.Id, Assert.Single((await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.Restore, State = OperationState.Succeeded })).Operations).Id);
    }

    [Fact]
    public async Task Restore_brings_a_database_back_whose_file_is_gone()
    {
        _service.Database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('a', 'b', 'c')");
        var backup = (await _service.Maintenance.BackupAsync(new BackupRequest())).Result.Backup;
        await _service.Process.KillAsync();
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(_service.Database.Path)!, "threatlens.db*"))
            File.Delete(file);
        await _service.RestartAsync(waitForHealth: false, "Maintenance__MigrateOnStartup=false");

        await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup.Name });

        Assert.Equal(1L, _service.Database.Scalar("SELECT count(*) FROM raw_logs"));
        Assert.Equal(Versions.Indexes, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Restore_wrong_requests_name_what_is_wrong()
    {
        await Expect.BadFieldAsync("backup_name", async () => await _service.Maintenance.RestoreAsync(new RestoreRequest()));
        await Expect.BadFieldAsync("max_rows_lost", async () => await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = "a", MaxRowsLost = -1 }));
        await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.BackupNotFound, async () => await _service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = "a" }));
    }

    private long Metrics() => (long)_service.Database.Scalar("SELECT count(*) FROM processing_metrics")!;

    private async Task<AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse>> OpenAsync(long expectedLast)
    {
        var call = _service.Ingest.StreamMetrics();
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = Producer } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(expectedLast, call.ResponseStream.Current.Welcome.LastSequence);
        return call;
    }

    private static async Task SendAsync(AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse> call, long sequence)
    {
        var batch = new MetricBatch { Sequence = sequence };
        batch.Samples.Add(new MetricSample { SourceName = "s", MetricType = "t", MetricValue = "1" });
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Batch = batch });
        do
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        while (call.ResponseStream.Current.Acknowledgement is null);
        Assert.Equal((sequence, 1), (call.ResponseStream.Current.Acknowledgement.Sequence, call.ResponseStream.Current.Acknowledgement.Accepted));
    }
}
