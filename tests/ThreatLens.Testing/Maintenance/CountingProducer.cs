using System.Collections.Concurrent;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;

namespace ThreatLens.Testing.Maintenance;

/// <summary>
/// A producer that keeps books of its own: every sample is unique, every acknowledged one is written down, and after each lost
/// connection it goes on where the service says. It knows no back-off and no batching, so that it hides nothing.
/// </summary>
/// <param name="address">Where the service is now; asked before each connection.</param>
/// <param name="producerId">Its id, and the name of its source.</param>
public sealed class CountingProducer(Func<Uri> address, string producerId) : IAsyncDisposable
{
    private const int SamplesPerBatch = 5;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<long, byte> _acknowledged = [];
    private Task _running = Task.CompletedTask;
    private long _sent;
    private readonly ConcurrentQueue<RpcException> _failures = [];
    private readonly ConcurrentQueue<string> _wrong = [];
    private int _duplicates;
    private long? _settled;

    /// <summary>Numbers of the batches that the service has acknowledged.</summary>
    public IReadOnlyCollection<long> Acknowledged => [.. _acknowledged.Keys];

    /// <summary>Acknowledgements that said "stored before".</summary>
    public int Duplicates => _duplicates;

    /// <summary>Highest number sent so far, acknowledged or not.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    private static IEnumerable<string> Values(long batch) =>
        Enumerable.Range(0, SamplesPerBatch).Select(i => ((batch * SamplesPerBatch) + i).ToString(CultureInfo.InvariantCulture));

    public string SourceName => producerId;

    /// <summary>Why connections ended, the last hundred.</summary>
    public IReadOnlyList<RpcException> Failures => [.. _failures];

    public void Start() => _running = Task.Run(RunAsync);

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    /// <summary>Waits for so many more acknowledgements.</summary>
    public Task GrowsAsync(int by)
    {
        var goal = Acknowledged.Count + by;
        return Eventually.TrueAsync(() => Acknowledged.Count >= goal, () => $"only {Acknowledged.Count} of {goal} batches were acknowledged; {Failures.LastOrDefault()?.Status}");
    }

    /// <summary>
    /// Stops, and asks the service where it stands: what was sent up to there is stored, also what no acknowledgement came for, and nothing above it.
    /// </summary>
    public async Task SettleAsync()
    {
        await StopAsync();
        _settled = await Eventually.AsyncUntil(TryAskAsync, last => last is not null, $"{producerId} is told where it stands", () => $"{Failures.LastOrDefault()?.Status}");
    }

    /// <summary>
    /// How what is stored differs from what the service said, after <see cref="SettleAsync"/>; empty when they are the same: every batch up to
    /// the last one is there, once and whole, every acknowledged one is among them, and nothing else is.
    /// </summary>
    public IReadOnlyList<string> Differences(SqliteFile database)
    {
        var settled = _settled ?? throw new InvalidOperationException("Settle first.");
        var stored = database.Lines($"SELECT metric_value FROM processing_metrics WHERE source_name = '{producerId}'").CountBy(value => value).ToDictionary();
        var expected = Enumerable.Range(1, (int)settled).SelectMany(batch => Values(batch)).ToHashSet();
        return
        [
            .. _wrong,
            .. Acknowledged.Where(batch => batch > settled).Select(batch => $"{producerId}: batch {batch} was acknowledged, and the service says that {settled} is its last"),
            .. settled > Sent ? [$"{producerId}: the service's last batch is {settled}, and {Sent} was the last one sent"] : Array.Empty<string>(),
            .. expected.Where(value => !stored.ContainsKey(value)).Select(value => $"{producerId}: sample {value} is not stored, up to batch {settled} all must be"),
            .. stored.Where(s => s.Value > 1).Select(s => $"{producerId}: sample {s.Key} is stored {s.Value} times"),
            .. stored.Keys.Where(value => !expected.Contains(value)).Select(value => $"{producerId}: sample {value} is stored, and up to batch {settled} it should not be"),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using var channel = GrpcChannel.ForAddress(address());
                using var call = new MetricsIngest.MetricsIngestClient(channel).StreamMetrics(cancellationToken: _stopping.Token);
                await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = producerId } }, _stopping.Token);
                await call.ResponseStream.MoveNext(_stopping.Token);
                await SendAsync(call, call.ResponseStream.Current.Welcome.LastSequence);
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException or IOException)
            {
                // The service is down, or restarting: try again.
                if (e is RpcException failure)
                    _failures.Enqueue(failure);
                if (_failures.Count > 100)
                    _failures.TryDequeue(out _);
                await Task.Delay(100).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<long?> TryAskAsync()
    {
        try
        {
            using var channel = GrpcChannel.ForAddress(address());
            using var call = new MetricsIngest.MetricsIngestClient(channel).StreamMetrics();
            await call.RequestStream.WriteAsync(new StreamMetricsRequest { Hello = new ProducerHello { ProducerId = producerId } });
            return await call.ResponseStream.MoveNext(CancellationToken.None) ? call.ResponseStream.Current.Welcome.LastSequence : null;
        }
        catch (RpcException failure)
        {
            _failures.Enqueue(failure);
            return null;
        }
    }

    private async Task SendAsync(AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse> call, long last)
    {
        var reading = ReadAsync(call);
        while (!_stopping.IsCancellationRequested && !reading.IsCompleted)
        {
            var batch = new MetricBatch { Sequence = ++last };
            batch.Samples.AddRange(Values(last).Select(v => new MetricSample { SourceName = producerId, MetricType = "count", MetricValue = v }));
            Interlocked.Exchange(ref _sent, Math.Max(last, Sent));
            await call.RequestStream.WriteAsync(new StreamMetricsRequest { Batch = batch }, _stopping.Token);
            // A pace, so that minutes of test do not make gigabytes; nothing waits for it.
            await Task.Delay(5, _stopping.Token);
        }

        await reading;
    }

    private async Task ReadAsync(AsyncDuplexStreamingCall<StreamMetricsRequest, StreamMetricsResponse> call)
    {
        while (await call.ResponseStream.MoveNext(_stopping.Token))
        {
            if (call.ResponseStream.Current.Acknowledgement is not { } acknowledgement)
                continue;
            _acknowledged[acknowledgement.Sequence] = 0;
            if (acknowledgement.Rejections.Count > 0 || acknowledgement.Accepted != (acknowledgement.Duplicate ? 0 : SamplesPerBatch))
                _wrong.Enqueue($"{producerId}: batch {acknowledgement.Sequence} was acknowledged with {acknowledgement.Accepted} samples and {acknowledgement.Rejections.Count} rejections");
            if (acknowledgement.Duplicate)
                Interlocked.Increment(ref _duplicates);
        }
    }
}
