using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>What producers say of their sources: positions come back to them, log_sources is true.</summary>
public sealed class SourceReportTests(SharedService shared)
{
    private readonly RunningService _service = shared.Service;

    [Fact]
    public async Task Positions_come_back_as_they_were_stored_last()
    {
        using (var first = await Producer.HelloAsync(_service, "positions"))
        {
            await first.StoreAsync(Reports(1, Report("positions-a", 10, "tökén\n1"), Report("positions-b", 5, "")));
            await first.StoreAsync(Reports(2, Report("positions-a", 20, "tökén 2 😀")));
        }

        using var second = await Producer.HelloAsync(_service, "positions");

        Assert.Equal(
            [
                new SourcePosition { SourceName = "positions-a", Path = "/logs/positions-a", Offset = 20, PositionToken = "tökén 2 😀" },
                new SourcePosition { SourceName = "positions-b", Path = "/logs/positions-b", Offset = 5 },
            ],
            second.Welcome.Positions.OrderBy(p => p.SourceName));
        using var stranger = await Producer.HelloAsync(_service, "positions-stranger");
        Assert.Empty(stranger.Welcome.Positions);
    }

    [Fact]
    public async Task Position_token_comes_back_whatever_is_in_it()
    {
        var token = "a\u0001\n\"' " + string.Concat(Enumerable.Repeat("😀", 1018));
        using (var first = await Producer.HelloAsync(_service, "token"))
            Assert.Empty((await first.StoreAsync(Reports(1, Report("token", 1, token)))).Rejections);

        using var second = await Producer.HelloAsync(_service, "token");

        Assert.Equal(token, Assert.Single(second.Welcome.Positions).PositionToken);
    }

    [Fact]
    public async Task Log_sources_is_what_was_reported()
    {
        using var producer = await Producer.HelloAsync(_service, "true");
        var report = Report("true-source", 128, "");
        report.FileSize = 4096;
        report.Status = LogSourceStatus.Error;
        report.ErrorMessage = "Permission denied; it's \"locked\"";
        report.MonitorTime = new Timestamp { Seconds = 1_700_000_000, Nanos = 123_456_789 };

        await producer.StoreAsync(Reports(1, report));

        const string Row = "SELECT path, enabled, last_monitored, file_size, last_offset, status, error_message FROM log_sources WHERE source_name = 'true-source'";
        Assert.Equal(["/logs/true-source|1|2023-11-14 22:13:20.123456|4096|128|error|Permission denied; it's \"locked\""], _service.Database.Lines(Row));

        await producer.StoreAsync(Reports(2, Report("true-source", 256, "")));
        Assert.Equal([["/logs/true-source", 1L, 0L, 256L, "active", null]], _service.Database.Rows(
            "SELECT path, enabled, file_size, last_offset, status, error_message FROM log_sources WHERE source_name = 'true-source'"));
    }

    [Fact]
    public async Task Report_leaves_a_source_that_was_switched_off_off()
    {
        using var producer = await Producer.HelloAsync(_service, "off");
        await producer.StoreAsync(Reports(1, Report("off-source", 1, "")));
        _service.Database.Execute("UPDATE log_sources SET enabled = 0 WHERE source_name = 'off-source'");

        await producer.StoreAsync(Reports(2, Report("off-source", 2, "")));

        Assert.Equal(["0|2"], _service.Database.Lines("SELECT enabled, last_offset FROM log_sources WHERE source_name = 'off-source'"));
    }

    [Fact]
    public async Task Duplicate_batch_does_not_move_positions_back()
    {
        using var producer = await Producer.HelloAsync(_service, "back");
        await producer.StoreAsync(Reports(1, Report("back-source", 100, "")));
        await producer.StoreAsync(Reports(2, Report("back-source", 200, "")));

        Assert.True((await producer.StoreAsync(Reports(1, Report("back-source", 100, "")))).Duplicate);

        using var again = await Producer.HelloAsync(_service, "back");
        Assert.Equal(200, Assert.Single(again.Welcome.Positions).Offset);
        Assert.Equal(200L, _service.Database.Scalar("SELECT last_offset FROM log_sources WHERE source_name = 'back-source'"));
    }

    [Fact]
    public async Task Bad_reports_are_rejected_one_by_one_and_the_others_stored()
    {
        using var other = await Producer.HelloAsync(_service, "bad-reports-other");
        await other.StoreAsync(Reports(1, Report("bad-reports-owner", 1, "")));
        (string Field, Action<SourceReport> Spoil)[] bad =
        [
            ("source_name", r => r.SourceName = ""),
            ("source_name", r => r.SourceName = new string('s', 256)),
            ("path", r => r.Path = ""),
            ("path", r => r.Path = "/" + new string('p', 1000)),
            ("file_size", r => r.FileSize = -1),
            ("offset", r => r.Offset = long.MinValue),
            ("status", r => r.Status = LogSourceStatus.Unspecified),
            ("status", r => r.Status = (LogSourceStatus)42),
            ("error_message", r => r.ErrorMessage = new string('e', 4097)),
            ("error_message", r => r.ErrorMessage = "a\0b"),
            ("position_token", r => r.PositionToken = new string('t', 1025)),
            ("position_token", r => r.PositionToken = "a\0b"),
            ("monitor_time", r => r.MonitorTime = new Timestamp { Seconds = -1 }),
            ("path", r => r.Path = "/logs/bad-reports-owner"),
        ];
        using var producer = await Producer.HelloAsync(_service, "bad-reports");
        var batch = Producer.Batch(1, Producer.Sample("bad-reports"));
        for (var i = 0; i < bad.Length; i++)
        {
            var report = Report($"bad-reports-{i}", 1, "");
            bad[i].Spoil(report);
            batch.Sources.Add(report);
        }

        batch.Sources.Add(Report("bad-reports-good", 7, ""));
        var acknowledgement = await producer.StoreAsync(batch);

        Assert.Equal(bad.Select((b, i) => (RejectedEntry.Source, i, b.Field)), acknowledgement.Rejections.Select(r => (r.Entry, r.Index, r.Field)));
        Assert.Equal(1, acknowledgement.Accepted);
        Assert.Equal(["bad-reports-good|7", "bad-reports-owner|1"], _service.Database.Lines("SELECT source_name, last_offset FROM log_sources WHERE source_name LIKE 'bad-reports%' ORDER BY 1"));
        Assert.Equal(2, (await producer.StoreAsync(Producer.Batch(2))).Sequence);
    }

    private static MetricBatch Reports(long sequence, params SourceReport[] reports) => new() { Sequence = sequence, Sources = { reports } };

    private static SourceReport Report(string name, long offset, string token) =>
        new() { SourceName = name, Path = $"/logs/{name}", Offset = offset, Status = LogSourceStatus.Active, PositionToken = token };
}
