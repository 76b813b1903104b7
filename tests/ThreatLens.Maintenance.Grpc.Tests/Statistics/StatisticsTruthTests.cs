using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Statistics;

/// <summary>Every field of every statistics answer against plain SQL that shares nothing with the service. Windows are given, so that no clock has a part in it.</summary>
public sealed partial class StatisticsTruthTests
{
    private static readonly string[] Settings = ["Maintenance__Statistics__SampleInterval=00:00:01", "Maintenance__Scheduling__Enabled=false"];
    private readonly ComparedFields _fields = new();
    private RunningService _service = null!;

    public static TheoryData<LegacyKind, bool> LegacyKinds()
    {
        var kinds = new TheoryData<LegacyKind, bool>();
        foreach (var kind in System.Enum.GetValues<LegacyKind>())
        {
            kinds.Add(kind, false);
            if (Environment.GetEnvironmentVariable(LegacyDatabase.FolderVariable) is { Length: > 0 })
                kinds.Add(kind, true);
        }

        return kinds;
    }

    [Theory]
    [MemberData(nameof(LegacyKinds))]
    public async Task Answers_on_a_database_of_the_original_are_what_plain_sql_counts(LegacyKind kind, bool genuine)
    {
        using var folder = new TemporaryFolder();
        LegacyDatabase.Prepare(kind, genuine, folder.File("threatlens.db"));
        await using var service = _service = await RunningService.StartAsync(folder.File("threatlens.db"), environment: [.. Settings, "Maintenance__MigrateOnStartup=false"]);

        foreach (var (from, to) in new[] { ("2026-10-31 12:00:00", "2026-11-01 12:00:00"), ("2026-09-01 00:00:00", "2026-09-02 00:00:00"), ("2025-01-01 00:00:00", "2027-01-01 00:00:00") })
        {
            await AssertRealtimeAsync(from, to, kind != LegacyKind.PreRealtime);
            if (kind != LegacyKind.PreRealtime)
                await AssertNotificationsAsync(from, to);
        }

        await AssertSizeAsync();
        if (kind != LegacyKind.PreRealtime)
        {
            await AssertSourcesAsync();
            await AssertMetricsAsync("2025-01-01 00:00:00", "2027-01-01 00:00:00");
            return;
        }

        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.SchemaNotReady, async () => await service.Maintenance.GetNotificationMetricsAsync(new GetNotificationMetricsRequest()));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.SchemaNotReady, async () => await service.Maintenance.ListLogSourcesAsync(new ListLogSourcesRequest()));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.SchemaNotReady, async () => await service.Maintenance.GetProcessingMetricsAsync(new GetProcessingMetricsRequest()));
    }

    [Fact]
    public async Task Answers_on_generated_rows_are_what_plain_sql_counts_in_every_field()
    {
        await using var service = _service = await RunningService.StartAsync(environment: [.. Settings, "Maintenance__MigrateOnStartup=true"]);
        service.Database.Execute(OddRows.Many);
        service.Database.Execute(OddRows.Odd);

        foreach (var (from, to) in new[]
        {
            ("2026-10-31 12:00:00", "2026-11-01 12:00:00"), ("2026-10-31 00:00:00", "2026-11-01 00:00:00"), ("2026-10-31 18:00:00", "2026-10-31 18:00:01"), ("0001-01-01 00:00:00", "9999-12-31 23:59:59"),
            ("2030-01-01 00:00:00", "2030-01-02 00:00:00"), ("2026-10-31 18:00:00", "2026-10-31 18:00:00"),
        })
        {
            await AssertRealtimeAsync(from, to, hasColumns: true);
            await AssertNotificationsAsync(from, to);
        }

        await AssertSizeAsync();
        await AssertSourcesAsync();
        await AssertMetricsAsync("2026-10-31 12:00:00", "2026-11-01 12:00:00");
        _fields.AssertAll(
            GetRealtimeStatisticsResponse.Descriptor, ListLogSourcesResponse.Descriptor, GetNotificationMetricsResponse.Descriptor, GetProcessingMetricsResponse.Descriptor, GetDatabaseSizeResponse.Descriptor);
    }

    private async Task AssertRealtimeAsync(string from, string to, bool hasColumns)
    {
        var request = new GetRealtimeStatisticsRequest { Window = Window(from, to), PageSize = 1000 };
        var length = At(to) - At(from);
        if (length <= TimeSpan.FromDays(1) && length > TimeSpan.Zero)
            request.Step = Duration.FromTimeSpan(TimeSpan.FromMinutes(100));
        var response = await Eventually.AsyncUntil(
            async () => await _service.Maintenance.GetRealtimeStatisticsAsync(request), r => r.Totals?.Events == Count("events", "1 = 1"), "all events are counted");

        AssertRange(response.Window, At(from), At(to));
        AssertStatistics(response.Statistics, from, to, hasColumns);
        Assert.Equal(request.Step is null ? 0 : (int)Math.Ceiling(length / TimeSpan.FromMinutes(100)), response.Steps.Count);
        _fields.Equal(response, "next_page_token", "");
        var begin = At(from);
        foreach (var step in response.Steps)
        {
            var end = begin.AddMinutes(100) < At(to) ? begin.AddMinutes(100) : At(to);
            AssertRange(step.Range, begin, end);
            AssertStatistics(step.Statistics, Text(begin), Text(end), hasColumns);
            begin = end;
        }

        _fields.Equal(response.Totals, "events", Count("events", "1 = 1"));
        _fields.Equal(response.Totals, "realtime_processed", hasColumns ? Count("events", "realtime_processed = 1") : null);
        _fields.Equal(response.Totals, "pending_notifications", hasColumns ? Count("events", "realtime_processed = 1 AND notification_sent = 0") : null);
        AssertOrigin(response.Totals.Origin, FigureMethod.Sampled);
    }

    private void AssertStatistics(RealtimeStatistics s, string from, string to, bool hasColumns)
    {
        var within = OddRows.Within("timestamp", from, to);
        long Of(string where) => hasColumns ? Count("events", $"{within} AND {where}") : 0;
        var (events, hours) = (Count("events", within), (At(to) - At(from)).TotalHours);
        _fields.Equal(s, "events", events);
        _fields.Equal(s, "realtime_processed", Of("realtime_processed = 1"));
        _fields.Equal(s, "pending_notifications", Of("realtime_processed = 1 AND notification_sent = 0"));
        _fields.Equal(s, "unknown_notifications", Of("realtime_processed = 1 AND notification_sent IS NULL"));
        _fields.Equal(s, "processing_times", Of(OddRows.IsNumber));
        _fields.Equal(s, "missing_processing_times", hasColumns ? Of("coalesce(processing_time, '') = ''") : events);
        _fields.Equal(s, "invalid_processing_times", Of($"processing_time <> '' AND NOT {OddRows.IsNumber}"));
        _fields.Close(s, "events_per_hour", hours > 0 ? events / hours : 0, 1e-9);
        _fields.Close(s, "realtime_processed_per_hour", hours > 0 ? Of("realtime_processed = 1") / hours : 0, 1e-9);
        var times = !hasColumns ? [] : _service.Database.Rows($"SELECT CAST(processing_time AS REAL) FROM events WHERE {within} AND {OddRows.IsNumber} ORDER BY 1").Select(r => (double)r[0]!).ToList();
        _fields.Close(s, "mean_processing_time", times.Count == 0 ? null : times.Average(), 1e-6);
        _fields.Close(s, "p95_processing_time", times.Count == 0 ? null : times[((95 * times.Count) + 99) / 100 - 1], 1e-9);
        _fields.Equal(s, "p95_error_bound", 0d);
        AssertOrigin(s.Origin, FigureMethod.Exact);
    }

    private async Task AssertNotificationsAsync(string from, string to)
    {
        const string Counts = "sum(status = 'sent'), sum(status = 'failed'), sum(status = 'pending'), sum(status NOT IN ('sent', 'failed', 'pending')), sum(status = 'sent') * 1.0 / sum(status IN ('sent', 'failed'))";
        var within = OddRows.Within("sent_at", from, to);
        var response = await Eventually.AsyncUntil(
            async () => await _service.Maintenance.GetNotificationMetricsAsync(new GetNotificationMetricsRequest { Window = Window(from, to), PageSize = 1000 }),
            r => r.AllTime is { } all && all.Sent + all.Failed + all.Pending + all.Other == Count("notification_history", "1 = 1"), "all notifications are counted");

        AssertRange(response.Window, At(from), At(to));
        var groups = _service.Database.Rows($"SELECT channel, notification_type, {Counts} FROM notification_history WHERE {within} GROUP BY 1, 2 ORDER BY 1, 2");
        Assert.Equal(groups.Count, response.Metrics.Count);
        foreach (var (metric, row) in response.Metrics.Zip(groups))
            AssertCounts(metric, (string)row[0]!, (string)row[1]!, row[2..]);
        AssertCounts(response.Total, "", "", _service.Database.Rows($"SELECT {Counts} FROM notification_history WHERE {within}")[0]);
        AssertCounts(response.AllTime, "", "", _service.Database.Rows($"SELECT {Counts} FROM notification_history")[0]);
        _fields.Equal(response, "undated", Count("notification_history", "sent_at IS NULL OR typeof(sent_at) <> 'text' OR sent_at NOT GLOB '[0-9]*'"));
        _fields.Equal(response, "next_page_token", "");
        AssertOrigin(response.Origin, FigureMethod.Exact);
        AssertOrigin(response.AllTimeOrigin, FigureMethod.Sampled);
    }

    private void AssertCounts(NotificationMetric metric, string channel, string type, object?[] counts)
    {
        _fields.Equal(metric, "channel", channel);
        _fields.Equal(metric, "notification_type", type);
        foreach (var (field, count) in new[] { "sent", "failed", "pending", "other" }.Zip(counts))
            _fields.Equal(metric, field, count ?? 0L);
        _fields.Equal(metric, "success_rate", counts[4]);
    }

    private void AssertOrigin(SampleOrigin origin, FigureMethod method)
    {
        _fields.Equal(origin, "method", method);
        _fields.Equal(origin, "consistent", true);
        _fields.InRange(origin, "sample_time", DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow());
        _fields.InRange(origin, "begin_time", DateTimeOffset.UnixEpoch, origin.SampleTime.ToDateTimeOffset());
    }

    private void AssertRange(TimeRange range, DateTimeOffset from, DateTimeOffset to)
    {
        _fields.Equal(range, "start_time", from);
        _fields.Equal(range, "end_time", to);
    }

    private long Count(string table, string where) => (long)_service.Database.Scalar($"SELECT count(*) FROM {table} WHERE {where}")!;

    private static TimeRange Window(string from, string to) => new() { StartTime = At(from).ToTimestamp(), EndTime = At(to).ToTimestamp() };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string Text(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
