using Grpc.Core;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.V1;
using IngestConfiguration = ThreatLens.Maintenance.Ingestion.IngestConfiguration;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>Takes metrics: hello, then batches in and acknowledgements out.</summary>
internal sealed class MetricsIngestService(
    IngestWriter writer, ProducerWindows windows, UnreadAcknowledgements unread, IngestConfigurationFeed feed, IOptions<IngestOptions> options, IHostApplicationLifetime lifetime, TimeProvider time) : CountedMetricsIngest
{
    public override async Task StreamMetrics(
        IAsyncStreamReader<StreamMetricsRequest> requestStream, IServerStreamWriter<StreamMetricsResponse> responseStream, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var hello = await ReadHelloAsync(requestStream, ended.Token);
        using var place = windows.Enter();
        var (session, state) = await writer.OpenAsync(hello.ProducerId, hello.Description, ended.Token);
        try
        {
            var configuration = await Task.Run(feed.ReadNow, ended.Token);
            var welcome = IngestMapping.ToWelcome(state, configuration, windows.Batches(batchBytes: null), options.Value.ProducerRetention);
            await responseStream.SendAsync(new StreamMetricsResponse { Welcome = welcome }, ended.Token);

            var stream = new AcknowledgedStream(writer, windows, unread, session, responseStream, options.Value, time);
            await stream.RunAsync(requestStream, token => PushConfigurationAsync(stream, configuration, token), ended);
        }
        finally
        {
            session.Leave();
        }
    }

    private async Task PushConfigurationAsync(AcknowledgedStream stream, IngestConfiguration known, CancellationToken cancellationToken)
    {
        while (true)
        {
            known = await feed.WaitForChangeAsync(known, cancellationToken);
            await stream.SendAsync(new StreamMetricsResponse { Configuration = known.ToContract() }, cancellationToken);
        }
    }

    private static async Task<ProducerHello> ReadHelloAsync(IAsyncStreamReader<StreamMetricsRequest> requestStream, CancellationToken cancellationToken)
    {
        if (!await requestStream.MoveNext(cancellationToken))
            throw Malformed("hello", "is required as the first message");
        var hello = requestStream.Current.Hello ?? throw Malformed("hello", "is required as the first message");
        if (string.IsNullOrWhiteSpace(hello.ProducerId))
            throw MaintenanceException.InvalidArgument("hello.producer_id", $"is blank; give it 1 to {IngestLimits.MaxNameLength} characters");
        Requests.ToName("hello.producer_id", hello.ProducerId, IngestLimits.MaxNameLength);
        Requests.ToName("hello.description", hello.Description, IngestLimits.MaxNameLength);
        return hello;
    }

    /// <exception cref="MaintenanceException">MALFORMED_BATCH.</exception>
    internal static void RequireAtMost(string field, int count, int most)
    {
        if (count > most)
            throw Malformed(field, $"has {count} entries; at most {most} are accepted");
    }

    internal static MaintenanceException Malformed(string field, string message) =>
        new(ErrorKind.InvalidArgument, ErrorReasons.MalformedBatch, $"{field}: {message}; nothing of the message was stored.") { Field = field };
}
