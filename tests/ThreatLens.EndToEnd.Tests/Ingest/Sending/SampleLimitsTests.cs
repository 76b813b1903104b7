using ThreatLens.Maintenance.Client.Ingestion.Buffering;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest.Sending;

public sealed class SampleLimitsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 15, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string, string?, string> BadTexts => new()
    {
        { "", "type", null, "source" },
        { "  ", "type", null, "source" },
        { new string('s', 256), "type", null, "source" },
        { "a\0b", "type", null, "source" },
        { "source", " ", null, "type" },
        { "source", new string('t', 101), null, "type" },
        { "source", "type", "a\0b", "metadata" },
        { "source", "type", new string('m', 65_537), "metadata" },
        { "source", "type", new string('ü', 32_769), "metadata" },
    };

    [Theory]
    [MemberData(nameof(BadTexts))]
    public void Sample_text_that_the_service_would_refuse_throws_naming_it(string source, string type, string? metadata, string parameter) =>
        Assert.Equal(parameter, Assert.ThrowsAny<ArgumentException>(() => SampleLimits.Sample(source, type, "1", null, metadata, Now)).ParamName);

    [Theory]
    [InlineData("not JSON")]
    [InlineData("")]
    [InlineData("{\"value\": 1")]
    [InlineData("NaN")]
    [InlineData("1 2")]
    public void ValueOf_text_that_is_not_JSON_throws(string json) =>
        Assert.Equal("json", Assert.Throws<ArgumentException>(() => SampleLimits.ValueOf(json)).ParamName);

    [Fact]
    public void ValueOf_JSON_of_more_than_64_KiB_throws() =>
        Assert.Throws<ArgumentException>(() => SampleLimits.ValueOf($"\"{new string('x', 65_536)}\""));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void ValueOf_no_finite_number_throws(double value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SampleLimits.ValueOf(value));

    [Fact]
    public void Sample_timestamp_out_of_range_throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SampleLimits.Sample("s", "t", "1", Now.AddDays(1).AddTicks(1), null, Now));
        Assert.Throws<ArgumentOutOfRangeException>(() => SampleLimits.Sample("s", "t", "1", DateTimeOffset.UnixEpoch.AddTicks(-1), null, Now));
    }

    [Fact]
    public void Sample_at_the_very_bounds_is_made()
    {
        var name = string.Concat(Enumerable.Repeat("😀", 255));

        var sample = SampleLimits.Sample(name, new string('t', 100), "1", Now.AddDays(1), new string('m', 65_536), Now);

        Assert.Equal((name, Now.AddDays(1)), (sample.SourceName, sample.Timestamp.ToDateTimeOffset()));
    }
}
