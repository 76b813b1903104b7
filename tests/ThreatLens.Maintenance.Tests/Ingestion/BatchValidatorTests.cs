using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

public sealed class BatchValidatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("13.7", "13.7")]
    [InlineData("-0", "-0")]
    [InlineData("1e308", "1e308")]
    [InlineData("{\"value\": 13.7}", "{\"value\": 13.7}")]
    [InlineData("[1,2]", "[1,2]")]
    [InlineData("null", "null")]
    [InlineData(" 5 ", " 5 ")]
    [InlineData("+5", "5")]
    [InlineData(".5", "0.5")]
    [InlineData("007", "7")]
    public void Validate_number_or_json_is_stored_as_json(string given, string stored)
    {
        var row = Assert.Single(Validate(Sample(value: given)).Rows);
        Assert.Equal(stored, row.MetricValue);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("n/a")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e999x")]
    [InlineData("{\"value\": }")]
    [InlineData("1 2")]
    [InlineData("1,5")]
    public void Validate_neither_number_nor_json_is_rejected(string given) => AssertRejected(Sample(value: given), "metric_value");

    [Fact]
    public void Validate_value_of_64_KiB_is_stored_and_one_byte_more_is_not()
    {
        var largest = $"\"{new string('x', IngestLimits.MaxValueBytes - 2)}\"";
        Assert.Single(Validate(Sample(value: largest)).Rows);
        AssertRejected(Sample(value: $"\"{new string('x', IngestLimits.MaxValueBytes - 1)}\""), "metric_value");
        // Bytes count, not characters.
        AssertRejected(Sample(value: $"\"{new string('é', IngestLimits.MaxValueBytes / 2)}\""), "metric_value");
        AssertRejected(Sample() with { Metadata = new string('x', IngestLimits.MaxValueBytes + 1) }, "metric_metadata");
    }

    [Fact]
    public void Validate_names_are_counted_in_characters()
    {
        var emoji = string.Concat(Enumerable.Repeat("😀", IngestLimits.MaxNameLength));
        Assert.Single(Validate(Sample() with { SourceName = emoji }).Rows);
        AssertRejected(Sample() with { SourceName = emoji + "x" }, "source_name");
        Assert.Single(Validate(Sample() with { MetricType = new string('t', 100) }).Rows);
        AssertRejected(Sample() with { MetricType = new string('t', 101) }, "metric_type");
        AssertRejected(Sample() with { SourceName = "" }, "source_name");
        AssertRejected(Sample() with { MetricType = "\t" }, "metric_type");
        AssertRejected(Sample() with { SourceName = "a\0b" }, "source_name");
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1_793_534_400 + 86_400, 0)]
    public void Validate_timestamp_at_the_bounds_is_stored(long seconds, int nanos) =>
        Assert.Single(Validate(Sample() with { Timestamp = new SampleTime(seconds, nanos) }).Rows);

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(1_793_534_400 + 86_400, 1_000)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(long.MinValue, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1_000_000_000)]
    public void Validate_timestamp_out_of_range_is_rejected(long seconds, int nanos) =>
        AssertRejected(Sample() with { Timestamp = new SampleTime(seconds, nanos) }, "timestamp");

    [Fact]
    public void Validate_timestamp_is_stored_with_six_digits_and_missing_one_is_the_arrival()
    {
        var rows = Validate(Sample() with { Timestamp = new SampleTime(1_000_000_000, 120_000_000) }, Sample()).Rows;
        Assert.Equal(["2001-09-09 01:46:40.120000", "2026-11-01 12:00:00.000000"], rows.Select(r => r.Timestamp));
    }

    [Fact]
    public void Validate_bad_entries_do_not_take_the_others_with_them()
    {
        var validated = Validate(Sample(value: "1"), Sample(value: "x"), Sample(value: "3"), Sample() with { SourceName = "" });
        Assert.Equal(["1", "3"], validated.Rows.Select(r => r.MetricValue));
        Assert.Equal([(1, "metric_value"), (3, "source_name")], validated.Rejections.Select(r => (r.Index, r.Field)));
    }

    [Theory]
    [InlineData("file_size")]
    [InlineData("offset")]
    [InlineData("path")]
    [InlineData("source_name")]
    [InlineData("status")]
    [InlineData("error_message")]
    [InlineData("position_token")]
    [InlineData("monitor_time")]
    public void Validate_bad_source_report_is_rejected_by_itself(string field)
    {
        var good = new SourceReport { SourceName = "s", Path = "/s" };
        var bad = field switch
        {
            "file_size" => good with { FileSize = -1 },
            "offset" => good with { Offset = -1 },
            "path" => good with { Path = "" },
            "source_name" => good with { SourceName = new string('s', 256) },
            "status" => good with { Status = null },
            "error_message" => good with { ErrorMessage = new string('e', IngestLimits.MaxErrorMessageLength + 1) },
            "position_token" => good with { PositionToken = new string('p', IngestLimits.MaxPositionTokenLength + 1) },
            _ => good with { MonitoredAt = new SampleTime(-1, 0) },
        };

        var validated = BatchValidator.Validate(new MetricBatch(1, [Sample()], [good, bad], 0), Now);

        Assert.Single(validated.Rows);
        Assert.Equal(0, Assert.Single(validated.Sources).Index);
        var rejection = Assert.Single(validated.Rejections);
        Assert.Equal((RejectedEntry.Source, 1, field), (rejection.Entry, rejection.Index, rejection.Field));
    }

    private static void AssertRejected(MetricSample sample, string field)
    {
        var validated = Validate(sample);
        Assert.Empty(validated.Rows);
        var rejection = Assert.Single(validated.Rejections);
        Assert.Equal((RejectedEntry.Sample, 0, field), (rejection.Entry, rejection.Index, rejection.Field));
        Assert.NotEmpty(rejection.Reason);
    }

    private static ValidatedBatch Validate(params MetricSample[] samples) => BatchValidator.Validate(new MetricBatch(1, samples, [], 0), Now);

    private static MetricSample Sample(string value = "1") => new("source", "type", value, null, "");
}
