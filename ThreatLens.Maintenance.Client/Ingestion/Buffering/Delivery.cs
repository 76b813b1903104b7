using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Client.Ingestion.Spooling;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>What runs behind a <see cref="MetricSender"/> from its start to its stop: the stream, the spool, the reports.</summary>
/// <param name="settings">Settings.</param>
/// <param name="producerId">Who sends.</param>
/// <param name="batches">The stream.</param>
/// <param name="buffer">What was added.</param>
/// <param name="drops">What was dropped.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class Delivery(
    MetricSenderSettings settings, string producerId, MetricBatchSender batches, SampleBuffer buffer, DropLedger drops, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan DefectDelay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopSending = new();
    private readonly CancellationTokenSource _stopWaiting = new();
    private readonly CancellationTokenSource _stopped = new();
    private Outbox? _outbox;
    private Spool? _spool;
    private SpoolSupply? _spoolSupply;
    private string? _spoolFailure;
    private long _recovered;
    private Task _sending = Task.CompletedTask;
    private Task _spooling = Task.CompletedTask;
    private Task _reporting = Task.CompletedTask;

    public bool IsStarted => _outbox is not null;

    public void Start()
    {
        _spool = settings.SpoolDirectory is null ? null : OpenSpool();
        var standing = _spool?.Standing ?? default;
        _recovered = _spool?.UnsettledSamples ?? 0;
        buffer.LastPosition = _spool?.Last ?? 0;
        if (_spool is not null)
        {
            _spoolSupply = new SpoolSupply(buffer, _spool, time, logger);
            _spooling = Task.Run(() => _spoolSupply.RunAsync(_stopWaiting.Token));
        }
        IBatchSupply supply = _spoolSupply is null ? new MemorySupply(buffer) : _spoolSupply;
        _outbox = new Outbox(producerId, supply, standing, drops, time, logger);
        batches.Sending += _outbox.OnSending;
        batches.Stored += (batch, rejections) => _outbox.OnStored(batch, rejections.Count(rejection => rejection.Entry == RejectedEntry.Sample));
        _sending = Task.Run(() => SendAsync(_outbox));
        _reporting = Task.Run(() => drops.RunAsync(time, _stopped.Token));
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var outbox = Started();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopped.Token);
        try
        {
            await outbox.WaitUntilSettledAsync(await buffer.PackAllAsync(either.Token), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(MetricSender), "The sender stopped before everything was stored.");
        }
    }

    public async Task<bool> PersistAsync(CancellationToken cancellationToken)
    {
        Started();
        return _spoolSupply is { } spool ? await spool.WaitUntilKeptAsync(cancellationToken) : buffer.Held == 0;
    }

    /// <summary>After the buffer was completed: sends as long as it may, writes the rest to the spool, closes everything.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // The next start sends what is in the spool; without one this is the last chance.
        var isPointless = _spool is not null
            && batches.State.Connection is MetricSenderConnection.WaitingToReconnect or MetricSenderConnection.Replaced;
        if (!isPointless && _outbox is not null)
            await SentAsync(_outbox).WaitAsync(settings.ShutdownTimeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopSending.CancelAsync();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopWaiting.CancelAsync();
        await _spooling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopped.CancelAsync();
        await _reporting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _spool?.Dispose();
    }

    /// <summary>Everything is stored, refused or given up; and the stream has ended in order, if there is one.</summary>
    private async Task SentAsync(Outbox outbox)
    {
        await outbox.WaitUntilSettledAsync(await buffer.PackAllAsync(_stopSending.Token), _stopSending.Token);
        if (batches.State.Connection == MetricSenderConnection.Connected)
            await _sending.WaitAsync(_stopSending.Token);
    }

    public MetricSenderState State(long added, long dropped)
    {
        var stream = batches.State;
        return new MetricSenderState
        {
            Connection = stream.Connection,
            Added = added,
            Recovered = _recovered,
            Acknowledged = _outbox?.Acknowledged ?? 0,
            Rejected = _outbox?.Rejected ?? 0,
            Dropped = dropped,
            UnacknowledgedBatches = stream.Unacknowledged,
            LastAcknowledgedBatch = stream.LastAcknowledged,
            Reconnects = stream.Reconnects,
            LastError = stream.LastError,
            SpoolBytes = _spoolSupply?.Size ?? 0,
            SpoolFailure = _spoolFailure ?? _spoolSupply?.Failure,
        };
    }

    private Outbox Started() => _outbox ?? throw new InvalidOperationException("The sender was not started: call Start first.");

    private Spool? OpenSpool()
    {
        try
        {
            return new Spool(settings, producerId, logger);
        }
        catch (MetricSpoolException e) when (e.IsDiskFull)
        {
            // The metrics of now are worth more than the promise of a spool.
            _spoolFailure = e.Message;
            logger.SpoolFailed(settings.SpoolDirectory!, e.Message);
            return null;
        }
    }

    private async Task SendAsync(Outbox outbox)
    {
        while (true)
        {
            try
            {
                await batches.RunAsync(
                    welcome =>
                    {
                        buffer.LimitBatches(welcome.MaxBatchSamples);
                        return outbox.After(welcome);
                    },
                    _stopSending.Token);
                return;
            }
            catch (Exception e) when (!_stopSending.IsCancellationRequested)
            {
                // The edge of the sender: a defect must not silence a producer for good.
                logger.SenderDefect(e, producerId);
                await Task.Delay(DefectDelay, time, _stopSending.Token);
            }
        }
    }
}
