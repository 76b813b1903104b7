using System.Text;
using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

/// <summary>What is numeric, and what is not.</summary>
public sealed class MeasureTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0.0", -0.0)]
    [InlineData("13.7", 13.7)]
    [InlineData(" \t\r\n13.7 \n", 13.7)]
    [InlineData("1e3", 1000)]
    [InlineData("-2.5E-1", -0.25)]
    [InlineData("12345678901234567890", 12345678901234567890d)]
    [InlineData("5e-324", 5e-324)]
    [InlineData("1e-999", 0)]
    [InlineData("1.7976931348623157e308", double.MaxValue)]
    [InlineData("{\"value\": 13.7}", 13.7)]
    [InlineData("{\"unit\": {\"value\": 1}, \"value\":2, \"tags\": [3, {\"value\": 4}]}", 2)]
    [InlineData("{\"value\":1,\"value\":2}", 2)]
    [InlineData("{\"value\":\"no\",\"value\":2}", 2)]
    [InlineData("{\"\\u0076alue\": 3}", 3)]
    [InlineData("{\"Value\": 1, \"value\": 3}", 3)]
    public void Of_number_or_object_with_a_numeric_value_is_that_number(string value, double expected) => Assert.Equal(expected, Measure.Of(value));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\"5\"")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("{\"value\": \"13.7\"}")]
    [InlineData("{\"value\": null}")]
    [InlineData("{\"value\": {\"value\": 5}}")]
    [InlineData("{\"value\": [5]}")]
    [InlineData("{\"VALUE\": 5}")]
    [InlineData("{\"value\":1,\"value\":null}")]
    [InlineData("{\"a\": {\"value\": 5}}")]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    [InlineData("{\"value\": 1e999}")]
    [InlineData("NaN")]
    [InlineData("-Infinity")]
    [InlineData("007")]
    [InlineData("+5")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("0x10")]
    [InlineData("1,5")]
    [InlineData("1 2")]
    [InlineData("{\"value\": 1")]
    [InlineData("{\"value\": 1} x")]
    [InlineData("{\"value\": 1,}")]
    [InlineData("n/a")]
    [InlineData("１３")]
    public void Of_anything_else_is_not_numeric(string value) => Assert.Null(Measure.Of(value));

    [Fact]
    public void Of_long_values_reads_to_the_end()
    {
        var padding = new string('é', 20_000);

        Assert.Equal(7, Measure.Of($"{{\"note\": \"{padding}\", \"value\": 7}}"));
        Assert.Null(Measure.Of($"{{\"value\": 7, \"note\": \"{padding}\""));
        Assert.Null(Measure.Of(new StringBuilder().Insert(0, "{\"value\":", 1_100).Append('1').Append('}', 1_100).ToString()));
    }
}
