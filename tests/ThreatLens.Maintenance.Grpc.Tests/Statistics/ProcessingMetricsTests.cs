using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Ingest;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Statistics;

/// <summary>GetProcessingMetrics from outside: what was streamed comes back, page by page.</summary>
public sealed class ProcessingMetricsTests(SharedService shared)
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly RunningService _service = shared.Service;

    [Fact]
    public async Task Metrics_streamed_in_are_read_back_raw_per_minute_and_per_hour()
    {
        await StoreAsync("read-back", [.. Enumerable.Range(0, 120).Select(i => Sample("read-back", Noon.AddSeconds(i * 60), $"{{\"value\": {i}}}")), Sample("read-back", Noon, "\"text\"")]);
        var request = Request("read-back");

        var raw = await _service.Maintenance.GetProcessingMetricsAsync(request);
        Assert.Equal(100, raw.Metrics.Count);
        Assert.Equal(("read-back", "lines_per_second", "{\"value\": 0}", Noon.ToTimestamp(), 0L), Facts(raw.Metrics[0]));
        Assert.NotEqual("", raw.NextPageToken);
        Assert.Equal(request.Window, raw.Window);

        request.Resolution = MetricResolution.Minute;
        var minutes = await ReadAllAsync(request, 50);
        Assert.Equal(120, minutes.Count);
        Assert.Equal((1, 1, 0, 0), (minutes[0].Count, minutes[0].NonNumericCount, minutes[0].Sum, minutes[0].Last));

        request.Resolution = MetricResolution.Hour;
        var hours = await ReadAllAsync(request, 1);
        Assert.Equal([Noon.ToTimestamp(), Noon.AddHours(1).ToTimestamp()], hours.Select(h => h.Time));
        Assert.Equal((60, 0, 5370.0, 60.0, 119.0, 119.0), (hours[1].Count, hours[1].NonNumericCount, hours[1].Sum, hours[1].Min, hours[1].Max, hours[1].Last));
    }

    [Fact]
    public async Task Window_left_out_is_the_last_hour_and_the_same_on_every_page()
    {
        var now = DateTimeOffset.UnixEpoch.AddSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        await StoreAsync("last-hour", [.. new[] { -61, -59, -30, 0, 30 }.Select(minutes => Sample("last-hour", now.AddMinutes(minutes), "1"))]);
        var request = new GetProcessingMetricsRequest { SourceName = "last-hour", PageSize = 1 };

        var first = await _service.Maintenance.GetProcessingMetricsAsync(request);
        request.PageToken = first.NextPageToken;
        var second = await _service.Maintenance.GetProcessingMetricsAsync(request);

        Assert.Equal(first.Window, second.Window);
        Assert.Equal(TimeSpan.FromHours(1), first.Window.EndTime.ToDateTimeOffset() - first.Window.StartTime.ToDateTimeOffset());
        Assert.Equal(now.AddMinutes(-59).ToTimestamp(), Assert.Single(first.Metrics).Time);
        Assert.Equal(now.AddMinutes(-30).ToTimestamp(), Assert.Single(second.Metrics).Time);
        request.PageToken = second.NextPageToken;
        var third = await _service.Maintenance.GetProcessingMetricsAsync(request);
        Assert.Equal(now.ToTimestamp(), Assert.Single(third.Metrics).Time);
        Assert.Equal("", third.NextPageToken);
    }

    [Fact]
    public async Task Page_token_of_other_filters_is_refused()
    {
        await StoreAsync("tokens", [.. Enumerable.Range(0, 3).Select(i => Sample("tokens", Noon.AddMinutes(i), "1"))]);
        var request = Request("tokens");
        request.PageSize = 1;
        request.PageToken = (await _service.Maintenance.GetProcessingMetricsAsync(request)).NextPageToken;

        foreach (var change in new Action<GetProcessingMetricsRequest>[]
        {
            r => r.SourceName = "", r => r.MetricType = "lines_per_second", r => r.Resolution = MetricResolution.Minute, r => r.Window = null, r => r.Window.EndTime = null,
            r => r.PageToken = r.PageToken[..^3],
        })
        {
            var changed = request.Clone();
            change(changed);
            await Expect.BadFieldAsync("page_token", async () => await _service.Maintenance.GetProcessingMetricsAsync(changed));
        }

        // The size of the pages may change, and RAW is what no resolution means.
        request.PageSize = 2;
        request.Resolution = MetricResolution.Raw;
        Assert.Equal(2, (await _service.Maintenance.GetProcessingMetricsAsync(request)).Metrics.Count);
    }

    [Fact]
    public async Task Rows_of_before_are_summed_up_by_the_running_service()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("threatlens.db");
        await using var service = await RunningService.StartAsync(file, true, "Maintenance__Ingest__Rollups=false");
        using (var producer = await Producer.HelloAsync(service, "before"))
            await producer.StoreAsync(Producer.Batch(1, Sample("before", Noon, "1"), Sample("before", Noon, "2")));
        Assert.Equal(0L, service.Database.Scalar("SELECT count(*) FROM maintenance_metric_rollups"));
        Assert.Equal(3, (await ReadMinuteAsync(service)).Sum);

        await service.RestartAsync(true, "Maintenance__Ingest__Rollups=true");

        await Eventually.Equal(2L, () => service.Database.Scalar("SELECT samples FROM maintenance_metric_rollups"));
        Assert.Equal(3, (await ReadMinuteAsync(service)).Sum);
    }

    [Fact]
    public async Task Database_without_the_table_says_what_to_do()
    {
        await using var service = await RunningService.StartAsync(null, true, "Maintenance__MigrateOnStartup=false");
        await service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = "000" });

        await Expect.ErrorAsync(global::Grpc.Core.StatusCode.FailedPrecondition, ErrorReasons.SchemaNotReady, async () => await service.Maintenance.GetProcessingMetricsAsync(new GetProcessingMetricsRequest()));
    }

    private static async Task<ProcessingMetric> ReadMinuteAsync(RunningService service)
    {
        var request = Request("before");
        request.Resolution = MetricResolution.Minute;
        return Assert.Single((await service.Maintenance.GetProcessingMetricsAsync(request)).Metrics);
    }

    private async Task StoreAsync(string producerId, IEnumerable<MetricSample> samples)
    {
        using var producer = await Producer.HelloAsync(_service, producerId);
        Assert.Empty((await producer.StoreAsync(Producer.Batch(1, samples))).Rejections);
    }

    private async Task<List<ProcessingMetric>> ReadAllAsync(GetProcessingMetricsRequest request, int size)
    {
        var all = new List<ProcessingMetric>();
        var page = request.Clone();
        page.PageSize = size;
        do
        {
            var response = await _service.Maintenance.GetProcessingMetricsAsync(page);
            all.AddRange(response.Metrics);
            page.PageToken = response.NextPageToken;
        }
        while (page.PageToken.Length > 0);

        return all;
    }

    private static MetricSample Sample(string source, DateTimeOffset at, string value)
    {
        var sample = Producer.Sample(source, value: value);
        sample.Timestamp = at.ToTimestamp();
        return sample;
    }

    private static GetProcessingMetricsRequest Request(string source) => new()
    {
        SourceName = source,
        Window = new TimeRange { StartTime = Noon.ToTimestamp(), EndTime = Noon.AddDays(1).ToTimestamp() },
    };

    private static (string, string, string, Timestamp, long) Facts(ProcessingMetric m) => (m.SourceName, m.MetricType, m.MetricValue, m.Time, m.Count);
}
