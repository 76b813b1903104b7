using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Statistics;

/// <summary>GetRealtimeStatistics and GetNotificationMetrics from outside.</summary>
public sealed class RealtimeStatisticsTests(StatisticsService statistics) : IClassFixture<StatisticsService>
{
    private static readonly DateTimeOffset Midnight = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly RunningService _service = statistics.Service;

    [Fact]
    public async Task Window_is_what_plain_sql_counts_with_its_rate_and_origin()
    {
        var response = await RealtimeAsync(new GetRealtimeStatisticsRequest { Window = Day() });

        var s = response.Statistics;
        Assert.Equal(Day(), response.Window);
        Assert.Equal(
            (48L, Count("realtime_processed = 1"), Count("realtime_processed = 1 AND notification_sent = 0"), Count("realtime_processed = 1 AND notification_sent IS NULL")),
            (s.Events, s.RealtimeProcessed, s.PendingNotifications, s.UnknownNotifications));
        Assert.Equal((24L, 12L, 12L), (s.ProcessingTimes, s.MissingProcessingTimes, s.InvalidProcessingTimes));
        Assert.Equal((double)_service.Database.Scalar("SELECT avg(processing_time) FROM events WHERE processing_time NOT IN ('n/a')")!, s.MeanProcessingTime.ToTimeSpan().TotalSeconds, 1e-6);
        Assert.Equal(23, s.P95ProcessingTime.ToTimeSpan().TotalSeconds);
        Assert.Equal((2.0, 1.0), (s.EventsPerHour, s.RealtimeProcessedPerHour));
        Assert.Equal((FigureMethod.Exact, true), (s.Origin.Method, s.Origin.Consistent));
        Assert.Empty(response.Steps);
        Assert.Equal("", response.NextPageToken);
    }

    [Fact]
    public async Task Steps_come_page_by_page_of_the_same_window_and_add_up()
    {
        var request = new GetRealtimeStatisticsRequest { Window = Day(), Step = Duration.FromTimeSpan(TimeSpan.FromMinutes(100)), PageSize = 4 };
        var steps = new List<RealtimeStep>();
        var pages = 0;
        do
        {
            var page = await RealtimeAsync(request);
            Assert.Equal(Day(), page.Window);
            Assert.Equal(pages == 0, page.Statistics is not null);
            steps.AddRange(page.Steps);
            request.PageToken = page.NextPageToken;
            pages++;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal((4, 15), (pages, steps.Count));
        Assert.Equal(Midnight.AddHours(24).ToTimestamp(), steps[^1].Range.EndTime);
        Assert.Equal(48, steps.Sum(s => s.Statistics.Events));
        Assert.Equal([4L, 3, 3], steps.Take(3).Select(s => s.Statistics.Events));
    }

    [Fact]
    public async Task Totals_are_sampled_in_the_background_and_say_when()
    {
        var response = await Eventually.AsyncUntil(
            () => RealtimeAsync(new GetRealtimeStatisticsRequest()), r => r.Totals?.Events == 48, "All events are counted");

        Assert.Equal(0, response.Statistics.Events);
        Assert.Null(response.Statistics.MeanProcessingTime);
        Assert.Equal(Count("realtime_processed = 1 AND notification_sent = 0"), response.Totals.PendingNotifications);
        Assert.Equal(FigureMethod.Sampled, response.Totals.Origin.Method);
        Assert.Equal(TimeSpan.FromHours(24), response.Window.EndTime.ToDateTimeOffset() - response.Window.StartTime.ToDateTimeOffset());
    }

    [Fact]
    public async Task Bad_requests_name_the_field()
    {
        await Expect.BadFieldAsync("step", () => RealtimeAsync(new GetRealtimeStatisticsRequest { Step = Duration.FromTimeSpan(TimeSpan.FromSeconds(59)) }));
        await Expect.BadFieldAsync("step", () => RealtimeAsync(new GetRealtimeStatisticsRequest { Step = Duration.FromTimeSpan(TimeSpan.FromMinutes(1)), Window = new TimeRange() }));
        await Expect.BadFieldAsync("page_size", () => RealtimeAsync(new GetRealtimeStatisticsRequest { PageSize = 1001 }));
        await Expect.BadFieldAsync("page_token", () => RealtimeAsync(new GetRealtimeStatisticsRequest { PageToken = "nonsense" }));
        var reversed = new TimeRange { StartTime = Midnight.ToTimestamp(), EndTime = Midnight.AddSeconds(-1).ToTimestamp() };
        await Expect.BadFieldAsync("window.end_time", () => RealtimeAsync(new GetRealtimeStatisticsRequest { Window = reversed }));
        await Expect.BadFieldAsync("window.end_time", () => NotificationsAsync(new GetNotificationMetricsRequest { Window = reversed }));
        await Expect.BadFieldAsync("channel", () => NotificationsAsync(new GetNotificationMetricsRequest { Channel = new string('c', 101) }));
        var first = await NotificationsAsync(new GetNotificationMetricsRequest { Window = Day(), PageSize = 1 });
        await Expect.BadFieldAsync("page_token", () => NotificationsAsync(new GetNotificationMetricsRequest { Window = Day(), Channel = "email", PageToken = first.NextPageToken }));
    }

    [Fact]
    public async Task Notifications_by_channel_and_type_are_what_plain_sql_counts_page_by_page()
    {
        var request = new GetNotificationMetricsRequest { Window = Day(), PageSize = 4 };
        var first = await NotificationsAsync(request);
        request.PageToken = first.NextPageToken;
        var second = await NotificationsAsync(request);

        Assert.Equal((4, 2, ""), (first.Metrics.Count, second.Metrics.Count, second.NextPageToken));
        Assert.Equal(
            _service.Database.Lines("SELECT channel, notification_type, sum(status = 'sent'), sum(status = 'failed'), sum(status = 'pending') FROM notification_history WHERE sent_at > '2026-01-01' GROUP BY 1, 2 ORDER BY 1, 2"),
            first.Metrics.Concat(second.Metrics).Select(m => $"{m.Channel}|{m.NotificationType}|{m.Sent}|{m.Failed}|{m.Pending}"));
        Assert.All(second.Metrics, m => Assert.False(m.HasSuccessRate));
        Assert.Equal(first.Total, second.Total);
        Assert.Equal(Sum("status = 'sent'") / (Sum("status = 'sent'") + Sum("status = 'failed'")), first.Total.SuccessRate);
        Assert.Equal((1L, FigureMethod.Exact), (first.Undated, first.Origin.Method));
    }

    [Fact]
    public async Task Notifications_are_filtered_and_all_of_them_sampled()
    {
        var request = new GetNotificationMetricsRequest { Window = Day(), Channel = "email", NotificationType = "digest" };

        // A sample may have been taken before the rows came.
        var response = await Eventually.AsyncUntil(
            () => NotificationsAsync(request), r => r.AllTime is { } all && all.Sent + all.Failed + all.Pending + all.Other == Sum("1") + 2, "All notifications are counted");

        var metric = Assert.Single(response.Metrics);
        Assert.Equal(("email", "digest", response.Total.Sent), (metric.Channel, metric.NotificationType, metric.Sent));
        Assert.Equal(FigureMethod.Sampled, response.AllTimeOrigin.Method);
    }

    private async Task<GetRealtimeStatisticsResponse> RealtimeAsync(GetRealtimeStatisticsRequest request) => await _service.Maintenance.GetRealtimeStatisticsAsync(request);

    private async Task<GetNotificationMetricsResponse> NotificationsAsync(GetNotificationMetricsRequest request) => await _service.Maintenance.GetNotificationMetricsAsync(request);

    private static TimeRange Day() => new() { StartTime = Midnight.ToTimestamp(), EndTime = Midnight.AddHours(24).ToTimestamp() };

    private long Count(string where) => (long)_service.Database.Scalar($"SELECT count(*) FROM events WHERE {where}")!;

    private double Sum(string what) => (long)_service.Database.Scalar($"SELECT sum({what}) FROM notification_history WHERE sent_at > '2026-01-01'")!;
}
