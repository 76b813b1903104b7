using System.ComponentModel.DataAnnotations;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// Sends batches that a source makes to the maintenance service, each stored exactly once: numbers them, keeps those that are not
/// acknowledged (in memory), opens a new stream when one ends and sends there what the service has not stored. For producers that can
/// make their metrics again, such as those that read files and report their positions; others use <see cref="MetricSender"/>.
/// Properties and events are thread-safe; events are raised one at a time from the receiving task and must return quickly.
/// </summary>
public sealed class MetricBatchSender
{
    private readonly MetricsIngest.MetricsIngestClient _client;
    private readonly MetricBatchSenderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly UnacknowledgedBatches _unacknowledged = new();
    private readonly MetricSenderMetrics _metrics;
    private readonly ReconnectDelay _delay;
    private MetricSenderConnection _connection;
    private string? _lastError;
    private long _streams;
    private long _rejected;
    private int _running;
    private bool _startOver;

    /// <summary>Makes a sender; nothing happens before <see cref="RunAsync"/>.</summary>
    /// <param name="client">Client of the service; its channel has <see cref="GrpcChannelDefaults"/>.</param>
    /// <param name="options">Who sends, and how patiently.</param>
    /// <param name="time">Clock of the waits.</param>
    /// <param name="logger">Log.</param>
    /// <exception cref="ValidationException">An option is out of range.</exception>
    public MetricBatchSender(
        MetricsIngest.MetricsIngestClient client, MetricBatchSenderOptions options, TimeProvider time, ILogger<MetricBatchSender> logger)
        : this(client, options, time, logger, new MetricSenderMetrics((options ?? throw new ArgumentNullException(nameof(options))).ProducerId))
    {
    }

    internal MetricBatchSender(
        MetricsIngest.MetricsIngestClient client, MetricBatchSenderOptions options, TimeProvider time, ILogger logger, MetricSenderMetrics metrics)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (options.MaxReconnectDelay < options.InitialReconnectDelay)
            throw new ValidationException("MaxReconnectDelay must be at least InitialReconnectDelay.");
        (_client, _options, _time, _logger, _metrics) = (client, options, time, logger, metrics);
        _delay = new ReconnectDelay(options.InitialReconnectDelay, options.MaxReconnectDelay, Random.Shared);
    }

    /// <summary>What to watch, as the service sees it: with every welcome, before the source is asked for more, and at every change.</summary>
    public event Action<IngestConfiguration>? ConfigurationReceived;

    /// <summary>Entries were refused for good; they are logged and counted already.</summary>
    public event Action<RejectedEntries>? Rejected;

    /// <summary>A batch is about to go out: from now on it may be stored.</summary>
    internal event Action<MetricBatch>? Sending;

    /// <summary>A batch is stored but for what was refused of it.</summary>
    internal event Action<MetricBatch, IReadOnlyList<Rejection>>? Stored;

    /// <summary>How it stands now.</summary>
    public MetricBatchSenderState State => new()
    {
        Connection = _connection,
        LastAcknowledged = _unacknowledged.LastAcknowledged,
        Unacknowledged = _unacknowledged.Count,
        Reconnects = Math.Max(0, Interlocked.Read(ref _streams) - 1),
        Rejected = Interlocked.Read(ref _rejected),
        LastError = _lastError,
    };

    /// <summary>
    /// Sends everything the source makes; returns when the source has ended and all of it is acknowledged. Once at a time.
    /// <para>The source starts at the first welcome and is asked for a batch only when connected and when the window has room, so what
    /// it has not been asked for is its own to keep. The sender owns the batches it gets and sets their numbers. When the service's
    /// last number cannot be explained by what was sent (its database was restored, or another process used the producer id), what
    /// is unacknowledged is dropped and the source is stopped and started again with that welcome: resume at its positions.</para>
    /// <para>A process that has just started cannot know whether its producer has sent before: a source that remembers so, and gets a welcome with
    /// last_sequence 0 and without positions, was forgotten by the service (see welcome.producer_retention).</para>
    /// </summary>
    /// <param name="source">Makes the batches after a welcome; its enumerator's token is cancelled when it is to stop.</param>
    /// <param name="cancellationToken">Gives up at once; what is unacknowledged may or may not be stored.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    public async Task RunAsync(Func<Welcome, IAsyncEnumerable<MetricBatch>> source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (Interlocked.Exchange(ref _running, 1) == 1)
            throw new InvalidOperationException("This sender is running already.");
        try
        {
            await using var batches = new BatchSourceReader(source);
            while (!await TryStreamAsync(batches, cancellationToken))
            {
            }
        }
        finally
        {
            _metrics.Dropped(_unacknowledged.Count);
            _startOver = true;
            _connection = MetricSenderConnection.Stopped;
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>One stream, and the wait after it. True when there is nothing more to send.</summary>
    private async Task<bool> TryStreamAsync(BatchSourceReader batches, CancellationToken cancellationToken)
    {
        RpcException? failure = null;
        try
        {
            _connection = MetricSenderConnection.Connecting;
            if (await StreamAsync(batches, cancellationToken))
                return true;
        }
        catch (Exception e)
        {
            // A stream that is given up may end with any error: that it was given up is what counts.
            cancellationToken.ThrowIfCancellationRequested();
            // Whatever broke the stream, the answer is another one; the log and the state say what it was.
            failure = e as RpcException ?? new RpcException(new Status(StatusCode.Unknown, e.Message, e));
        }
        cancellationToken.ThrowIfCancellationRequested();
        batches.ThrowIfFailed();
        await Task.Delay(OnStreamEnded(failure), _time, cancellationToken);
        return false;
    }

    private async Task<bool> StreamAsync(BatchSourceReader batches, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var call = _client.StreamMetrics(CallerMetadata.Of(_options.Caller ?? _options.ProducerId), cancellationToken: stop.Token);
        Interlocked.Increment(ref _streams);
        var hello = new ProducerHello { ProducerId = _options.ProducerId, Description = _options.Description };
        await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = hello }, stop.Token);
        if (!await call.ResponseStream.MoveNext(stop.Token) || call.ResponseStream.Current.Welcome is not { } welcome)
            throw new RpcException(new Status(StatusCode.Internal, "The service did not answer hello with a welcome."));
        await WelcomedAsync(welcome, batches);
        return await new MetricStream(_unacknowledged, batches, _metrics, batch => Sending?.Invoke(batch), _time).RunAsync(call, OnResponse, stop);
    }

    private async Task WelcomedAsync(Welcome welcome, BatchSourceReader batches)
    {
        var window = Window(welcome.MaxUnacknowledgedBatches);
        if (welcome.Configuration is not null)
            ConfigurationReceived?.Invoke(welcome.Configuration);
        if (batches.Started && !_startOver && _unacknowledged.TryResume(welcome.LastSequence, window, out var stored))
        {
            foreach (var batch in stored)
                OnStored(batch, []);
        }
        else
        {
            var known = _unacknowledged.LastAcknowledged;
            var dropped = _unacknowledged.StartOver(welcome.LastSequence, window);
            if (batches.Started)
            {
                _metrics.Dropped(dropped);
                _metrics.StartedOver();
                _logger.StartedOver(_options.ProducerId, welcome.LastSequence, known, dropped);
                if (welcome.LastSequence == 0 && known > 0)
                    _logger.Forgotten(_options.ProducerId);
            }
            await batches.StartAsync(welcome);
        }
        _startOver = false;
        _connection = MetricSenderConnection.Connected;
        _logger.Connected(_options.ProducerId, welcome.LastSequence, _unacknowledged.Count, window);
    }

    private void OnResponse(StreamMetricsResponse response)
    {
        if (response.Configuration is { } configuration)
            ConfigurationReceived?.Invoke(configuration);
        if (response.Acknowledgement is { } acknowledgement)
            OnAcknowledged(acknowledgement);
    }

    private int Window(int allowed) => Math.Clamp(allowed, 1, _options.MaxUnacknowledgedBatches);

    private void OnAcknowledged(BatchAcknowledgement acknowledgement)
    {
        if (acknowledgement.MaxUnacknowledgedBatches > 0)
            _unacknowledged.Resize(Window(acknowledgement.MaxUnacknowledgedBatches));
        if (_unacknowledged.Acknowledge(acknowledgement.Sequence, out var sentAt) is not { } batch)
        {
            _logger.UnexpectedAcknowledgement(acknowledgement.Sequence);
            return;
        }
        _delay.Reset();
        _metrics.Latency(_time.GetElapsedTime(sentAt));
        if (acknowledgement.Duplicate)
            _metrics.Duplicate();
        try
        {
            if (acknowledgement.Rejections.Count > 0)
                OnRejected(batch, acknowledgement.Rejections);
        }
        finally
        {
            // Last, so that whoever waits for it knows of the rejections.
            OnStored(batch, acknowledgement.Rejections);
        }
    }

    private void OnRejected(MetricBatch batch, IReadOnlyList<Rejection> rejections)
    {
        _metrics.Rejected(rejections.Count);
        Interlocked.Add(ref _rejected, rejections.Count);
        foreach (var rejection in rejections)
            _logger.Rejected(batch.Sequence, rejection.Entry.ToString(), rejection.Index, rejection.Field, rejection.Reason);
        Rejected?.Invoke(new RejectedEntries(batch, rejections));
    }

    private void OnStored(MetricBatch batch, IReadOnlyList<Rejection> rejections)
    {
        var rejected = rejections.Count(rejection => rejection.Entry == RejectedEntry.Sample);
        _metrics.Acknowledged(batch.Samples.Count - rejected);
        Stored?.Invoke(batch, rejections);
    }

    private TimeSpan OnStreamEnded(RpcException? failure)
    {
        var replaced = StreamFailure.IsReplaced(failure);
        var delay = _delay.Next(failure, replaced);
        var status = (failure?.StatusCode ?? StatusCode.OK).ToString();
        var detail = failure?.Status.Detail ?? "the service ended it";
        _lastError = $"{status}: {detail}";
        _connection = replaced ? MetricSenderConnection.Replaced : MetricSenderConnection.WaitingToReconnect;
        _metrics.StreamEnded(status);
        // The other process has counted on under our numbers: only the service's positions say now what is stored.
        _startOver |= replaced;
        if (replaced)
            _logger.Replaced(_options.ProducerId, delay);
        else
            _logger.StreamEnded(_options.ProducerId, status, detail, delay);
        return delay;
    }
}
