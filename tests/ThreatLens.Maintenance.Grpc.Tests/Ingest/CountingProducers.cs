using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Several producers that keep books, sending all the time, wherever the service is now.</summary>
internal sealed class CountingProducers : IAsyncDisposable
{
    private readonly List<CountingProducer> _producers;

    public CountingProducers(RunningService service, int count = 3)
    {
        _producers = [.. Enumerable.Range(0, count).Select(i => new CountingProducer(() => service.Process.Grpc, $"counting-{i}"))];
        _producers.ForEach(p => p.Start());
    }

    public IEnumerable<RpcException> Failures => _producers.SelectMany(p => p.Failures);

    /// <summary>Waits until each has so many more acknowledgements.</summary>
    public Task GrowAsync(int by) => Task.WhenAll(_producers.Select(p => p.GrowsAsync(by)));

    /// <summary>Waits until one of them is told that the database is full, and when to come back.</summary>
    public async Task FullAsync()
    {
        await Eventually.TrueAsync(() => Failures.Any(f => f.StatusCode == StatusCode.ResourceExhausted), () => $"nobody was refused: {Failures.LastOrDefault()}");
        Assert.NotNull(Expect.Error(StatusCode.ResourceExhausted, ErrorReasons.DatabaseFull, Failures.First(f => f.StatusCode == StatusCode.ResourceExhausted)).RetryDelay);
    }

    /// <summary>
    /// Stops them. What the service says it has, all that it acknowledged and whatever was on its way when it died, must be what is stored: sample by
    /// sample, none missing, none twice, none besides.
    /// </summary>
    public async Task AssertStoredOnceAsync(SqliteFile database)
    {
        await Task.WhenAll(_producers.Select(p => p.SettleAsync()));
        Assert.Empty(_producers.SelectMany(p => p.Differences(database)));
        Assert.Equal("ok", database.Scalar("PRAGMA integrity_check"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var producer in _producers)
            await producer.DisposeAsync();
    }
}
