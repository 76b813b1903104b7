using System.Text.Json;
using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

public sealed class MonitoringConfigTests
{
    [Fact]
    public void Parse_what_the_original_wrote_keeps_its_own_keys()
    {
        var config = MonitoringConfig.Parse("{\"enabled\": true, \"processing_batch_size\": 100}");

        Assert.True(config.IsEnabled);
        Assert.Equal(TimeSpan.FromSeconds(1), config.Interval);
        Assert.Empty(config.Paths);
        using var written = JsonDocument.Parse((config with { IsEnabled = false }).ToJson());
        Assert.Equal(100, written.RootElement.GetProperty("processing_batch_size").GetInt32());
        Assert.False(written.RootElement.GetProperty("enabled").GetBoolean());
    }

    [Fact]
    public void ToJson_then_Parse_returns_the_same()
    {
        var config = new MonitoringConfig { IsEnabled = false, Interval = TimeSpan.FromMilliseconds(250), Paths = ["/var/log/ä.log", "/b"] };
        var read = MonitoringConfig.Parse(config.ToJson());
        Assert.Equal((config.IsEnabled, config.Interval), (read.IsEnabled, read.Interval));
        Assert.Equal(config.Paths, read.Paths);
    }

    [Theory]
    [InlineData("{\"interval_ms\": 99}")]
    [InlineData("{\"interval_ms\": \"soon\"}")]
    [InlineData("{\"paths\": 7, \"enabled\": \"yes\"}")]
    [InlineData("{}")]
    public void Parse_values_that_make_no_sense_are_the_defaults(string json)
    {
        var config = MonitoringConfig.Parse(json);
        Assert.Equal((true, TimeSpan.FromSeconds(1), 0), (config.IsEnabled, config.Interval, config.Paths.Count));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("not json")]
    public void Parse_no_object_is_an_error(string json) => Assert.ThrowsAny<JsonException>(() => MonitoringConfig.Parse(json));
}
