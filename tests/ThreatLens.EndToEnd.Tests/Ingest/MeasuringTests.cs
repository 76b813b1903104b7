using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Ingest.Sample.Measuring;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class MeasuringTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void QuantileMilliseconds_known_durations_are_right_to_two_percent()
    {
        var histogram = new LatencyHistogram();
        foreach (var n in Enumerable.Range(1, 100_000).Reverse())
            histogram.Add(n * 1000L);

        Assert.InRange(histogram.QuantileMilliseconds(0.5)!.Value, 50 * 0.98, 50 * 1.02);
        Assert.InRange(histogram.QuantileMilliseconds(0.95)!.Value, 95 * 0.98, 95 * 1.02);
        Assert.InRange(histogram.QuantileMilliseconds(1)!.Value, 100 * 0.98, 100 * 1.02);
        histogram.Reset();
        Assert.Null(histogram.QuantileMilliseconds(0.5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(1_000_003)]
    [InlineData(long.MaxValue)]
    public void QuantileMilliseconds_one_duration_is_that_duration(long nanoseconds)
    {
        var histogram = new LatencyHistogram();
        histogram.Add(nanoseconds);

        Assert.InRange(histogram.QuantileMilliseconds(0.5)!.Value * 1_000_000, nanoseconds * 0.983, nanoseconds * 1.017);
    }

    [Fact]
    public void Of_an_interval_with_lines_makes_six_metrics_with_their_units()
    {
        var lines = new LineMeasurement(_time);
        var read = _time.GetTimestamp();
        lines.Add("2026-11-23 15:00:01 INFO fine\n"u8, read);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        lines.Add("not fine\n"u8, read);
        lines.AddOverlong(1000, read);
        lines.Add("\r\n"u8, read);

        var samples = MetricSamples.Of("app", lines, 123, _time.GetUtcNow(), TimeSpan.FromSeconds(2)).ToDictionary(sample => sample.MetricType);

        Assert.Equal(MetricSamples.MostPerSource, samples.Count);
        AssertMetric(2, "lines/s", "lines_per_second");
        AssertMetric((30 + 9 + 1000 + 2) / 2.0, "By/s", "bytes_per_second");
        AssertMetric(0.5, "1", "parse_error_rate");
        AssertMetric(123, "By", "queue_depth");
        Assert.InRange(Value("processing_latency_p95_ms"), 9.8, 10.2);
        Assert.Equal("""{"lines":4,"bytes":1041,"parse_errors":2,"interval_ms":2000}""", samples["lines_per_second"].MetricMetadata);
        Assert.All(samples.Values, sample => Assert.Equal(_time.GetUtcNow(), sample.Timestamp.ToDateTimeOffset()));

        void AssertMetric(double value, string unit, string type)
        {
            Assert.Equal(value, Value(type));
            Assert.Equal(unit, JsonDocument.Parse(samples[type].MetricValue).RootElement.GetProperty("unit").GetString());
        }

        double Value(string type) => JsonDocument.Parse(samples[type].MetricValue).RootElement.GetProperty("value").GetDouble();
    }

    [Fact]
    public void Of_an_interval_without_lines_claims_no_error_rate_and_no_latency()
    {
        var samples = MetricSamples.Of("app", new LineMeasurement(_time), 0, _time.GetUtcNow(), TimeSpan.Zero);

        Assert.Equal(["lines_per_second", "bytes_per_second", "queue_depth"], samples.Select(sample => sample.MetricType));
    }
}
