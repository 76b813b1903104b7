using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;
using ThreatLens.Maintenance.V1;
using Status = Google.Rpc.Status;

namespace ThreatLens.EndToEnd.Tests.Ingest.FakeService;

/// <summary>MetricsIngest by its contract, with faults where a test wants them.</summary>
public sealed class FakeIngestService(FakeIngestServer server) : MetricsIngest.MetricsIngestBase
{
    public override async Task StreamMetrics(
        IAsyncStreamReader<StreamMetricsRequest> requestStream, IServerStreamWriter<StreamMetricsResponse> responseStream, ServerCallContext context)
    {
        server.OnHello(context);
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Hello is not { } hello)
            throw new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, "hello first"));
        using var stream = server.Open(hello.ProducerId, context.CancellationToken);
        await stream.WriteAsync(responseStream, new StreamMetricsResponse { Welcome = stream.Welcome });
        var pushing = stream.PushAsync(responseStream);
        try
        {
            while (await requestStream.MoveNext(stream.Token))
            {
                if (!await TakeAsync(requestStream.Current.Batch, hello.ProducerId, stream, responseStream, context))
                    return;
            }
        }
        catch (Exception) when (stream.IsReplaced)
        {
            throw Failure(StatusCode.Aborted, "PRODUCER_REPLACED", null);
        }
        finally
        {
            await stream.StopAsync();
            await pushing;
        }
    }

    private async Task<bool> TakeAsync(
        MetricBatch batch, string producer, FakeStream stream, IServerStreamWriter<StreamMetricsResponse> responses, ServerCallContext context)
    {
        var fault = server.NextFault(batch);
        switch (fault)
        {
            case Fault.CutBeforeCommit:
                Cut(context);
                return false;
            case Fault.UnavailableBeforeCommit:
                throw Failure(StatusCode.Unavailable, "SHUTTING_DOWN", server.RetryAfter);
            case Fault.Silence:
                await Task.Delay(Timeout.Infinite, stream.Token);
                return false;
        }
        if (server.Store.Commit(producer, stream, batch) is not { } isNew)
            throw Failure(StatusCode.Aborted, "BATCH_OUT_OF_ORDER", null);
        switch (fault)
        {
            case Fault.CutAfterCommit:
                Cut(context);
                return false;
            case Fault.EndAfterCommit:
                return false;
        }
        var acknowledgement = new BatchAcknowledgement
        {
            Sequence = batch.Sequence,
            Accepted = isNew ? batch.Samples.Count : 0,
            Duplicate = !isNew,
            MaxUnacknowledgedBatches = server.WindowAfterwards,
        };
        acknowledgement.Rejections.Add(server.Rejections(batch));
        await stream.WriteAsync(responses, new StreamMetricsResponse { Acknowledgement = acknowledgement });
        return true;
    }

    private static void Cut(ServerCallContext context) =>
        context.GetHttpContext().Features.Get<IConnectionLifetimeFeature>()!.Abort();

    private static RpcException Failure(StatusCode code, string reason, TimeSpan? retryAfter)
    {
        var status = new Status { Code = (int)code, Message = reason };
        status.Details.Add(Any.Pack(new ErrorInfo { Domain = "threatlens.maintenance", Reason = reason }));
        if (retryAfter is { } delay)
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        return status.ToRpcException();
    }
}
