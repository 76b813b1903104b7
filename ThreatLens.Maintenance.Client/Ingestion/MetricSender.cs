using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Client.Ingestion.Buffering;
using ThreatLens.Maintenance.Client.Ingestion.Spooling;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>
/// Takes metrics one by one and has them stored by the maintenance service, each exactly once: packs them into batches, keeps those that
/// are not acknowledged (in memory, or in a spool that survives the process), reconnects with jittered back-off, and counts and reports
/// what it had to drop. Make one per process, or let <c>AddMetricSender</c> do it.
/// <para>All members are thread-safe. Events are raised one at a time, from the sender's own tasks, and must return quickly.</para>
/// </summary>
public sealed class MetricSender : IAsyncDisposable
{
    private readonly MetricSenderSettings _settings;
    private readonly string _producerId;
    private readonly TimeProvider _time;
    private readonly MetricSenderMetrics _metrics;
    private readonly DropLedger _drops;
    private readonly SampleBuffer _buffer;
    private readonly Delivery _delivery;
    private readonly Lock _lifetime = new();
    private Task? _stopped;
    private long _added;

    /// <summary>Makes a sender; nothing is sent before <see cref="Start"/>.</summary>
    /// <param name="client">Client of the service; its channel has <see cref="GrpcChannelDefaults"/>.</param>
    /// <param name="settings">Who sends, and within which bounds.</param>
    /// <param name="time">Clock of timestamps, ages and waits.</param>
    /// <param name="logger">Log.</param>
    /// <exception cref="ValidationException">A setting is out of range.</exception>
    public MetricSender(MetricsIngest.MetricsIngestClient client, MetricSenderSettings settings, TimeProvider time, ILogger<MetricSender> logger)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        var stream = settings.Stream();
        (_settings, _producerId, _time) = (settings, stream.ProducerId, time);
        _metrics = new MetricSenderMetrics(_producerId);
        _drops = new DropLedger(_producerId, _metrics, logger, dropped => Dropped?.Invoke(dropped));
        _buffer = new SampleBuffer(settings, time, _drops);
        var batches = new MetricBatchSender(client, stream, time, logger, _metrics);
        batches.Rejected += OnRejected;
        _delivery = new Delivery(settings, _producerId, batches, _buffer, _drops, time, logger);
    }

    /// <summary>A sample was refused for good; it is logged and counted already.</summary>
    public event Action<RejectedSample>? Rejected;

    /// <summary>Samples were given up; counted at once, reported at most every five seconds per reason, and when the sender stops.</summary>
    public event Action<DroppedSamples>? Dropped;

    /// <summary>Who it is to the service.</summary>
    public string ProducerId => _producerId;

    /// <summary>How it stands now.</summary>
    public MetricSenderState State => _delivery.State(Interlocked.Read(ref _added), _drops.Total);

    /// <summary>Begins to send; what was added before goes out too. Again is harmless.</summary>
    /// <exception cref="MetricSpoolException">The spool is another process's, or its directory cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">It was stopped.</exception>
    public void Start()
    {
        lock (_lifetime)
        {
            ObjectDisposedException.ThrowIf(_stopped is not null, this);
            if (_delivery.IsStarted)
                return;
            _delivery.Start();
            _metrics.Show(() => (State.Unacknowledged, State.SpoolBytes));
        }
    }

    /// <summary>
    /// Adds a number. Does not wait, unless <see cref="MetricSenderSettings.WhenFull"/> says so and the buffer is full.
    /// </summary>
    /// <param name="source">Source it is about: 1 to 255 characters.</param>
    /// <param name="type">What is measured, such as <c>lines_per_second</c>: 1 to 100 characters.</param>
    /// <param name="value">The measure; finite.</param>
    /// <param name="timestamp">When, from 1970-01-01 to one day from now; null: now.</param>
    /// <param name="metadata">More about it, JSON by convention, at most 64 KiB; null: none.</param>
    /// <returns>False when it was dropped, because the buffer is full.</returns>
    /// <exception cref="ArgumentException">A value is outside these bounds: the service would refuse it.</exception>
    /// <exception cref="ObjectDisposedException">The sender was stopped.</exception>
    public bool Add(string source, string type, double value, DateTimeOffset? timestamp = null, string? metadata = null) =>
        Add(Sample(source, type, SampleLimits.ValueOf(value), timestamp, metadata));

    /// <inheritdoc cref="Add(string, string, double, DateTimeOffset?, string?)"/>
    public bool Add(string source, string type, long value, DateTimeOffset? timestamp = null, string? metadata = null) =>
        Add(Sample(source, type, SampleLimits.ValueOf(value), timestamp, metadata));

    /// <inheritdoc cref="Add(string, string, double, DateTimeOffset?, string?)"/>
    /// <param name="source">Source it is about: 1 to 255 characters.</param>
    /// <param name="type">What is measured: 1 to 100 characters.</param>
    /// <param name="json">JSON, at most 64 KiB as UTF-8; an object carries its measure as numeric <c>value</c>.</param>
    /// <param name="timestamp">When, from 1970-01-01 to one day from now; null: now.</param>
    /// <param name="metadata">More about it, JSON by convention, at most 64 KiB; null: none.</param>
    public bool Add(string source, string type, string json, DateTimeOffset? timestamp = null, string? metadata = null) =>
        Add(Sample(source, type, SampleLimits.ValueOf(json), timestamp, metadata));

    /// <summary>Adds a number; when the buffer is full, waits for room whatever <see cref="MetricSenderSettings.WhenFull"/> says, without blocking a thread.</summary>
    /// <inheritdoc cref="Add(string, string, double, DateTimeOffset?, string?)"/>
    /// <param name="source">Source it is about: 1 to 255 characters.</param>
    /// <param name="type">What is measured: 1 to 100 characters.</param>
    /// <param name="value">The measure; finite.</param>
    /// <param name="timestamp">When; null: now.</param>
    /// <param name="metadata">More about it; null: none.</param>
    /// <param name="cancellationToken">Gives up: the sample was not added.</param>
    /// <returns>A task that ends when it was added.</returns>
    public ValueTask AddAsync(
        string source, string type, double value, DateTimeOffset? timestamp = null, string? metadata = null, CancellationToken cancellationToken = default) =>
        AddAsync(Sample(source, type, SampleLimits.ValueOf(value), timestamp, metadata), cancellationToken);

    /// <inheritdoc cref="AddAsync(string, string, double, DateTimeOffset?, string?, CancellationToken)"/>
    public ValueTask AddAsync(
        string source, string type, long value, DateTimeOffset? timestamp = null, string? metadata = null, CancellationToken cancellationToken = default) =>
        AddAsync(Sample(source, type, SampleLimits.ValueOf(value), timestamp, metadata), cancellationToken);

    /// <inheritdoc cref="AddAsync(string, string, double, DateTimeOffset?, string?, CancellationToken)"/>
    /// <param name="source">Source it is about: 1 to 255 characters.</param>
    /// <param name="type">What is measured: 1 to 100 characters.</param>
    /// <param name="json">JSON, at most 64 KiB as UTF-8.</param>
    /// <param name="timestamp">When; null: now.</param>
    /// <param name="metadata">More about it; null: none.</param>
    /// <param name="cancellationToken">Gives up: the sample was not added.</param>
    public ValueTask AddAsync(
        string source, string type, string json, DateTimeOffset? timestamp = null, string? metadata = null, CancellationToken cancellationToken = default) =>
        AddAsync(Sample(source, type, SampleLimits.ValueOf(json), timestamp, metadata), cancellationToken);

    /// <summary>Sends at once what was added before, and waits until all of it is stored, refused or given up.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the sending.</param>
    /// <returns>What became of samples meanwhile.</returns>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    /// <exception cref="ObjectDisposedException">It was stopped, or is stopped before that.</exception>
    public async Task<MetricFlush> FlushAsync(CancellationToken cancellationToken = default)
    {
        var before = State;
        await _delivery.FlushAsync(cancellationToken);
        var after = State;
        return new MetricFlush(after.Acknowledged - before.Acknowledged, after.Rejected - before.Rejected, after.Dropped - before.Dropped);
    }

    /// <summary>Waits until what was added before is in the spool, or stored already; while the spool is full, for room in it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>True when all of it survives this process; false when some is in memory only, since there is no spool or it cannot be written.</returns>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    public Task<bool> PersistAsync(CancellationToken cancellationToken = default) => _delivery.PersistAsync(cancellationToken);

    /// <summary>
    /// Takes no more samples, sends what was added within <see cref="MetricSenderSettings.ShutdownTimeout"/>, and stops. What is not stored by
    /// then stays in the spool; without one it is dropped, and reported.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for the service at once.</param>
    /// <returns>A task that ends when everything is closed.</returns>
    public Task StopAsync(CancellationToken cancellationToken = default)
    {
        lock (_lifetime)
            return _stopped ??= StopOnceAsync(cancellationToken);
    }

    /// <summary>Stops, as <see cref="StopAsync"/> does.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        _buffer.Complete();
        await _delivery.StopAsync(cancellationToken);
        _drops.Add(DropReason.Shutdown, _buffer.Held);
        _drops.Report();
        _metrics.Hide();
    }

    private MetricSample Sample(string source, string type, string value, DateTimeOffset? timestamp, string? metadata) =>
        SampleLimits.Sample(source, type, value, timestamp, metadata, _time.GetUtcNow());

    private bool Add(MetricSample sample)
    {
        while (!_buffer.TryAdd(sample))
        {
            if (_settings.WhenFull != MetricBufferFullMode.Wait)
            {
                Count();
                _drops.Add(DropReason.BufferFull, 1);
                return false;
            }
            // Who chose Wait chose to block.
            _buffer.WaitForRoomAsync(sample, CancellationToken.None).GetAwaiter().GetResult();
        }
        Count();
        return true;
    }

    private async ValueTask AddAsync(MetricSample sample, CancellationToken cancellationToken)
    {
        while (!_buffer.TryAdd(sample))
            await _buffer.WaitForRoomAsync(sample, cancellationToken);
        Count();
    }

    private void Count()
    {
        Interlocked.Increment(ref _added);
        _metrics.Added();
    }

    private void OnRejected(RejectedEntries entries)
    {
        foreach (var rejection in entries.Rejections.Where(rejection => rejection.Entry == RejectedEntry.Sample))
            Rejected?.Invoke(new RejectedSample(
                entries.Batch.Samples[rejection.Index], entries.Batch.Sequence, rejection.Index, rejection.Field, rejection.Reason));
    }
}
