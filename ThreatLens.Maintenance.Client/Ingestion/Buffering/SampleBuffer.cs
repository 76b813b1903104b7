using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>
/// The samples that have been added and are not packed yet, in order, and the count of all that are in memory, packed or not: that count
/// is what is bounded. Thread-safe.
/// </summary>
/// <param name="settings">Bounds.</param>
/// <param name="time">Clock of the samples' age.</param>
/// <param name="drops">Told what is dropped.</param>
internal sealed class SampleBuffer(MetricSenderSettings settings, TimeProvider time, DropLedger drops)
{
    private readonly Lock _lock = new();
    private readonly Queue<(MetricSample Sample, int Bytes, long AddedAt)> _samples = [];
    private readonly ChangeSignal _due = new();
    private readonly ChangeSignal _room = new();
    private readonly ChangeSignal _left = new();
    private int _maxBatchSamples = Math.Min(settings.MaxBatchSamples, settings.MaxBufferedSamples);
    private long _sampleBytes;
    private (long Samples, long Bytes) _held;
    private long _added;
    private long _flushed;
    private long _position;
    private bool _completed;

    /// <summary>Samples in memory, packed ones that are not settled included.</summary>
    public long Held
    {
        get { lock (_lock) return _held.Samples; }
    }

    /// <summary>Position of the batch that was packed last. Set once, before the first one.</summary>
    public long LastPosition
    {
        get { lock (_lock) return _position; }
        set { lock (_lock) _position = value; }
    }

    /// <summary>Adds a sample. False when there is no room: it was not added, and not counted as dropped either.</summary>
    /// <exception cref="ObjectDisposedException">Nothing is taken any more.</exception>
    public bool TryAdd(MetricSample sample)
    {
        var bytes = BatchBytes(sample);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_completed, typeof(MetricSender));
            if (!HasRoom(bytes) && settings.WhenFull == MetricBufferFullMode.DropOldest)
                DropOldest(bytes);
            if (!HasRoom(bytes))
                return false;
            _samples.Enqueue((sample, bytes, time.GetTimestamp()));
            _sampleBytes += bytes;
            _held = (_held.Samples + 1, _held.Bytes + MemoryBytes(bytes));
            _added++;
            // The first one starts the clock of its age.
            if (_due.IsAwaited && (_samples.Count == 1 || IsFull))
                _due.Raise();
            return true;
        }
    }

    /// <summary>Completes when the sample may fit; others may be faster.</summary>
    public Task WaitForRoomAsync(MetricSample sample, CancellationToken cancellationToken)
    {
        var bytes = BatchBytes(sample);
        return _room.WaitAsync(_lock, () => _completed || HasRoom(bytes), cancellationToken);
    }

    /// <summary>The next batch, once it is full, old enough, or asked for; null when there are none left and none will come.</summary>
    public async ValueTask<PackedBatch?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            TimeSpan wait;
            lock (_lock)
            {
                wait = _samples.TryPeek(out var oldest) ? settings.MaxBatchAge - time.GetElapsedTime(oldest.AddedAt) : Timeout.InfiniteTimeSpan;
                if (_samples.Count > 0 && (wait <= TimeSpan.Zero || IsFull || _completed || _flushed > _added - _samples.Count))
                    return Pack();
                if (_completed)
                    return null;
                changed = _due.Next;
            }
            await changed.WaitAsync(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Has everything packed at once that has been added; completes when all of it has left, packed or dropped.</summary>
    /// <returns>Position of the batch that the last of it is in.</returns>
    public async Task<long> PackAllAsync(CancellationToken cancellationToken)
    {
        long added;
        lock (_lock)
        {
            added = _flushed = _added;
            _due.Raise();
        }
        await _left.WaitAsync(_lock, () => _added - _samples.Count >= added, cancellationToken);
        return LastPosition;
    }

    /// <summary>The service takes no larger batches than this; 0 says nothing.</summary>
    public void LimitBatches(int maxSamples)
    {
        lock (_lock)
            _maxBatchSamples = maxSamples > 0 ? Math.Min(_maxBatchSamples, maxSamples) : _maxBatchSamples;
    }

    /// <summary>A packed batch need not be kept in memory any more. Once for each; again is harmless.</summary>
    public void Release(PackedBatch packed)
    {
        lock (_lock)
        {
            _held = (_held.Samples - packed.Held.Samples, _held.Bytes - packed.Held.Bytes);
            packed.Held = default;
            _room.Raise();
        }
    }

    /// <summary>Nothing is added any more; what is there is packed without waiting.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            _due.Raise();
            _room.Raise();
        }
    }

    private bool IsFull => _samples.Count >= _maxBatchSamples || _sampleBytes >= settings.MaxBatchBytes;

    private bool HasRoom(int bytes) =>
        _held.Samples < settings.MaxBufferedSamples && _held.Bytes + MemoryBytes(bytes) <= settings.MaxBufferedBytes;

    private void DropOldest(int bytes)
    {
        var dropped = 0;
        while (!HasRoom(bytes) && _samples.TryDequeue(out var oldest))
        {
            _sampleBytes -= oldest.Bytes;
            _held = (_held.Samples - 1, _held.Bytes - MemoryBytes(oldest.Bytes));
            dropped++;
        }
        drops.Add(DropReason.BufferFull, dropped);
        _left.Raise();
    }

    private PackedBatch Pack()
    {
        var batch = new MetricBatch();
        var bytes = 0;
        long held = 0;
        while (batch.Samples.Count < _maxBatchSamples && _samples.TryPeek(out var next)
            && (bytes == 0 || bytes + next.Bytes <= settings.MaxBatchBytes))
        {
            batch.Samples.Add(_samples.Dequeue().Sample);
            bytes += next.Bytes;
            held += MemoryBytes(next.Bytes);
        }
        _sampleBytes -= bytes;
        _left.Raise();
        return new PackedBatch(++_position, batch) { Held = (batch.Samples.Count, held) };
    }

    /// <summary>Bytes of a batch's message: the sample, its tag and its length.</summary>
    private static int BatchBytes(MetricSample sample) => sample.CalculateSize() + 4;

    /// <summary>Text is twice as long in memory, and a sample is three objects and a place in a queue.</summary>
    private static long MemoryBytes(int batchBytes) => (2L * batchBytes) + 200;
}
