using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ThreatLens.EndToEnd.Tests.Ingest.FakeService;
using ThreatLens.Maintenance.Client.Ingestion;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

public sealed class SenderMetricsTests : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly string _producer = $"metrics-{Guid.NewGuid():N}";

    public SenderMetricsTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == MetricSenderMetrics.MeterName)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Meter_counts_each_sample_once_from_add_to_its_end()
    {
        await using var server = await FakeIngestServer.StartAsync();
        server.NextFault = _ => Fault.Silence;
        server.Rejections = batch => [new Rejection { Entry = RejectedEntry.Sample, Index = 0, Field = "metric_value", Reason = "first" }];
        await using var run = new SenderRun(server, settings => (settings.ProducerId, settings.MaxBufferedSamples) = (_producer, 10));
        run.Add(0, 15);
        Assert.Equal((15, 5), (Sum("samples.added"), Sum("samples.dropped buffer_full")));
        Assert.Equal(10, Level("samples.unacknowledged"));

        await Eventually.UntilAsync(() => Sum("samples.sent") >= 10, "all are sent");
        await server.StopAsync();
        server.NextFault = _ => Fault.None;
        // A flush counts what is settled from its call on.
        var flushing = run.Sender.FlushAsync();
        await server.StartAgainAsync();
        var flush = await flushing;

        Assert.Equal(10, flush.Acknowledged + flush.Rejected);
        Assert.Equal((flush.Acknowledged, flush.Rejected), (Sum("samples.acknowledged"), Sum("entries.rejected")));
        Assert.True(Sum("samples.sent") >= 10);
        Assert.True(Sum("reconnects") >= 1);
        Assert.True(Sum("acknowledgement.duration") > 0);
        Assert.Equal(0, Level("samples.unacknowledged"));
    }

    [Fact]
    public async Task Meter_shows_the_spool_while_the_sender_lives()
    {
        using var folder = new TemporaryFolder();
        var run = new SenderRun("http://127.0.0.1:1", settings => (settings.ProducerId, settings.SpoolDirectory) = (_producer, folder.Path));
        run.Add(0, 15);
        Assert.True(await run.Sender.PersistAsync());

        Assert.Equal(run.Sender.State.SpoolBytes, Level("spool.size"));
        Assert.Equal(15, Level("samples.unacknowledged"));
        await run.AbandonAsync();
        Assert.Equal(0, Level("spool.size"));
    }

    private double Sum(string name) => _sums.GetValueOrDefault($"threatlens.sender.{name}");

    private double Level(string name)
    {
        _sums.TryRemove($"threatlens.sender.{name}", out _);
        _listener.RecordObservableInstruments();
        return Sum(name);
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var isOurs = false;
        var name = instrument.Name;
        foreach (var (key, tag) in tags)
        {
            isOurs |= key == "threatlens.producer.id" && Equals(tag, _producer);
            name += key == "threatlens.drop.reason" ? $" {tag}" : "";
        }
        if (isOurs)
            _sums.AddOrUpdate(name, value, (_, sum) => sum + value);
    }
}
