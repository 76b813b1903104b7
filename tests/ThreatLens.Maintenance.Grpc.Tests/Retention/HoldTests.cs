using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Retention;

/// <summary>Holds: created, listed, released; and what they pin.</summary>
public sealed class HoldTests
{
    private static readonly Timestamp Day = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Hold_is_created_listed_and_released_and_each_is_an_operation()
    {
        await using var service = await StartAsync();
        var request = new CreateHoldRequest { Hold = new Hold { Target = Event("e1"), Reason = "case 7", ExpireTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(9)) }, RequestId = "one" };

        var created = await service.Maintenance.CreateHoldAsync(request);
        Assert.Equal(created.Operation.Id, (await service.Maintenance.CreateHoldAsync(request)).Operation.Id);
        var second = (await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = new Hold { Target = new HoldTarget { SourceName = "s" }, Reason = "r" } })).Result.Hold;

        var hold = created.Result.Hold;
        Assert.Equal((request.Hold.Target, "case 7", request.Hold.ExpireTime.Seconds), (hold.Target, hold.Reason, hold.ExpireTime.Seconds));
        Assert.NotEqual("", hold.CreatedBy);
        Assert.NotNull(hold.CreateTime);
        var page = await service.Maintenance.ListHoldsAsync(new ListHoldsRequest { PageSize = 1 });
        Assert.Equal(second, Assert.Single(page.Holds));
        Assert.Equal(hold, Assert.Single((await service.Maintenance.ListHoldsAsync(new ListHoldsRequest { PageSize = 1, PageToken = page.NextPageToken })).Holds));

        Assert.Equal(hold, (await service.Maintenance.ReleaseHoldAsync(new ReleaseHoldRequest { HoldId = hold.Id })).Result.Hold);
        Assert.Equal([second.Id], (await service.Maintenance.ListHoldsAsync(new ListHoldsRequest())).Holds.Select(h => h.Id));
        await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.HoldNotFound, async () => await service.Maintenance.ReleaseHoldAsync(new ReleaseHoldRequest { HoldId = hold.Id }));
        var kinds = (await service.Maintenance.ListOperationsAsync(new ListOperationsRequest())).Operations.Select(o => o.Kind).Take(3);
        Assert.Equal([OperationKind.ReleaseHold, OperationKind.CreateHold, OperationKind.CreateHold], kinds);
    }

    [Fact]
    public async Task Hold_plan_counts_what_it_pins_and_what_nothing_else_would()
    {
        await using var service = await StartAsync();
        async Task<long> PinsAsync(HoldTarget target) => (await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = new Hold { Target = target, Reason = "r" }, ValidateOnly = true })).Plan.Rows;

        // The event, its raw log, its analysis, its notification.
        Assert.Equal(4, await PinsAsync(Event("e1")));
        // Three metrics, the event with what belongs to it; both raw logs are of that source.
        Assert.Equal(8, await PinsAsync(new HoldTarget { SourceName = "s" }));
        // One metric and one event with what belongs to it.
        Assert.Equal(5, await PinsAsync(Range(Day, Timestamp.FromDateTimeOffset(Day.ToDateTimeOffset().AddDays(1)))));
        Assert.Empty((await service.Maintenance.ListHoldsAsync(new ListHoldsRequest())).Holds);

        var source = (await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = new Hold { Target = new HoldTarget { SourceName = "s" }, Reason = "r" } })).Result.Hold;
        await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = new Hold { Target = Event("e1"), Reason = "r" } });
        var released = (await service.Maintenance.ReleaseHoldAsync(new ReleaseHoldRequest { HoldId = source.Id, ValidateOnly = true })).Plan.Rows;

        // All but the event and what belongs to it: three metrics and the other raw log.
        Assert.Equal(4, released);
        Assert.Equal(2, (await service.Maintenance.ListHoldsAsync(new ListHoldsRequest())).Holds.Count);
    }

    [Fact]
    public async Task Hold_that_cannot_be_meant_names_the_field()
    {
        await using var service = await StartAsync();
        async Task Bad(string field, Hold? hold, StatusCode code = StatusCode.InvalidArgument, string reason = ErrorReasons.InvalidArgument)
        {
            foreach (var planned in (bool[])[false, true])
            {
                var error = await Expect.ErrorAsync(code, reason, async () => await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = hold, ValidateOnly = planned }));
                if (code == StatusCode.InvalidArgument)
                    Assert.Equal(field, error.Field);
            }
        }

        await Bad("hold", null);
        await Bad("hold.target", new Hold { Reason = "r" });
        await Bad("hold.target", new Hold { Reason = "r", Target = new HoldTarget() });
        await Bad("hold.reason", new Hold { Target = Event("e1") });
        await Bad("hold.reason", new Hold { Target = Event("e1"), Reason = new string('x', 1001) });
        await Bad("hold.target.time_range", new Hold { Target = Range(Day, Day), Reason = "r" });
        await Bad("hold.target.time_range.start_time", new Hold { Target = Range(new Timestamp { Seconds = long.MaxValue }, Day), Reason = "r" });
        await Bad("hold.target.source_name", new Hold { Target = new HoldTarget { SourceName = "" }, Reason = "r" });
        await Bad("hold.target.source_name", new Hold { Target = new HoldTarget { SourceName = "a\0b" }, Reason = "r" });
        await Bad("hold.expire_time", new Hold { Target = Event("e1"), Reason = "r", ExpireTime = Day });
        await Bad("hold.target.event_id", new Hold { Target = Event("nothing"), Reason = "r" }, StatusCode.NotFound, ErrorReasons.EventNotFound);
        await Expect.BadFieldAsync("hold_id", async () => await service.Maintenance.ReleaseHoldAsync(new ReleaseHoldRequest()));
        await Expect.BadFieldAsync("page_token", async () => await service.Maintenance.ListHoldsAsync(new ListHoldsRequest { PageToken = "x" }));
        Assert.Empty((await service.Maintenance.ListHoldsAsync(new ListHoldsRequest { IncludeExpired = true })).Holds);
    }

    private static async Task<RunningService> StartAsync()
    {
        var service = await RunningService.StartAsync();
        service.Database.Execute(
            """
            INSERT INTO raw_logs(id, content, source, ingested_at) VALUES ('r1', 'x', 's', '2025-01-01 00:00:00'), ('r2', 'x', 's', '2025-01-01 00:00:00');
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category) VALUES ('e1', 'r1', '2026-09-01T10:00:00', 's', 'm', 'c'), ('e2', 'r9', '2026-08-01 10:00:00', 'other', 'm', 'c');
            INSERT INTO ai_analysis(id, event_id, severity_score, explanation, recommendations, analyzed_at) VALUES ('a1', 'e1', 1, 'x', 'y', NULL), ('a2', 'e2', 1, 'x', 'y', NULL);
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES ('e1', 't', 'c', 's', '2026-10-01 00:00:00');
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES
                ('s', 't', '1', '2026-09-01 23:59:59.999999'), ('s', 't', '1', '2026-09-02T00:00:00'), ('s', 't', '1', 'junk'), ('other', 't', '1', '2026-09-03 00:00:00');
            """);
        return service;
    }

    private static HoldTarget Event(string id) => new() { EventId = id };

    private static HoldTarget Range(Timestamp start, Timestamp end) => new() { TimeRange = new TimeRange { StartTime = start, EndTime = end } };
}
