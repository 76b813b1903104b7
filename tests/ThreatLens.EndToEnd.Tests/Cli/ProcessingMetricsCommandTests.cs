using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>processing-metrics: the real command line against the real service.</summary>
public sealed class ProcessingMetricsCommandTests
{
    [Fact]
    public async Task Metrics_are_shown_summed_up_raw_filtered_and_limited()
    {
        await using var service = await RunningService.StartAsync();
        var without = await service.RunAsync("processing-metrics");
        Assert.Equal(1, without.Code);
        Assert.Contains("DATABASE_MISSING", without.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await service.RunAsync("migrate")).Code);
        new SqliteFile(service.DatabasePath).Execute(
            """
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata) VALUES
                ('nginx', 'latency', '{"value": 1.5}', '2026-09-01 12:00:00.250000', '{"host": "web-1"}'), ('nginx', 'latency', '4', '2026-09-01T12:00:30', NULL),
                ('nginx', 'state', '"up"', '2026-09-01 12:01:00', NULL), ('apache', 'latency', '7', '2026-09-01 13:00:00', NULL)
            """);
        string[] window = ["--from", "2026-09-01T12:00", "--to", "2026-09-01T14:00Z"];

        var table = await service.RunAsync(["processing-metrics", .. window]);
        var raw = await service.RunAsync(["processing-metrics", "--resolution", "raw", .. window]);
        var hours = await service.RunAsync(["processing-metrics", "--resolution", "hour", "--output", "json", .. window]);
        var filtered = await service.RunAsync(["processing-metrics", "--source", "nginx", "--type", "latency", "--output", "json", .. window]);
        var limited = await service.RunAsync(["processing-metrics", "--limit", "1", .. window]);
        var lastHour = await service.RunAsync("processing-metrics", "--last", "1h");

        Assert.Equal(0, table.Code);
        Assert.Equal("2026-09-01 12:00 nginx latency 2 1.5 2.75 4 4 5.5 0", Squeezed(table.Lines[1]));
        Assert.Equal("2026-09-01 12:01 nginx state 0 - - - - - 1", Squeezed(table.Lines[2]));
        Assert.Equal("2026-09-01 12:00:00.250000 nginx latency {\"value\": 1.5} {\"host\": \"web-1\"}", Squeezed(raw.Lines[1]));
        Assert.Equal(["nginx", "nginx", "apache"], GetProcessingMetricsResponse.Parser.ParseJson(hours.Output).Metrics.Select(m => m.SourceName));
        Assert.Equal(5.5, Assert.Single(GetProcessingMetricsResponse.Parser.ParseJson(filtered.Output).Metrics).Sum);
        Assert.Equal(2, limited.Lines.Length);
        Assert.Contains("--limit", limited.Error, StringComparison.Ordinal);
        Assert.Equal(0, lastHour.Code);
        Assert.Contains("There are no metrics", lastHour.Output, StringComparison.Ordinal);
    }

    private static string Squeezed(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
