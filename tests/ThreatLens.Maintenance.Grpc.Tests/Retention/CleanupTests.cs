using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Operations;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Retention;

/// <summary>Cleanup from outside: plans, refusals, kills, and going on.</summary>
public sealed class CleanupTests
{
    private const string OldMetrics = "SELECT count(*) FROM processing_metrics WHERE timestamp < datetime('now', '-30 days')";

    [Theory]
    [InlineData(LegacyKind.Clean)]
    [InlineData(LegacyKind.Drifted)]
    [InlineData(LegacyKind.PreRealtime)]
    public async Task Cleanup_of_a_legacy_database_deletes_what_its_plan_says(LegacyKind kind)
    {
        using var folder = new TemporaryFolder();
        LegacyDatabase.Prepare(kind, Environment.GetEnvironmentVariable(LegacyDatabase.FolderVariable) is { Length: > 0 }, folder.File("legacy.db"));
        await using var service = await RunningService.StartAsync(folder.File("legacy.db"));
        string[] tables = ["processing_metrics", "notification_history", "events", "ai_analysis"];
        Dictionary<string, long> Rows() => tables.ToDictionary(t => t, t => (long)service.Database.Scalar($"SELECT count(*) FROM {t}")!);
        var before = Rows();
        var request = new CleanupRequest { Policies = { new RetentionPolicy { Table = "events", MaxAge = Days(1) }, new RetentionPolicy { Table = "processing_metrics", MaxAge = Days(1) } } };

        var plan = (await service.Maintenance.CleanupAsync(new CleanupRequest(request) { ValidateOnly = true })).Plan;
        Assert.Equal(before, Rows());
        var result = (await service.Maintenance.CleanupAsync(new CleanupRequest(request) { Etag = plan.Etag })).Result;

        var after = Rows();
        Assert.Equal(plan.Tables.Select(t => (t.Table, t.Rows, t.Orphans)), result.Tables.Select(t => (t.Table, t.Rows, t.Orphans)));
        Assert.All(tables, t => Assert.Equal(before[t] - after[t], result.Tables.Single(r => r.Table == t).Rows));
        Assert.Equal(0, after["events"]);
        Assert.True(result.Orphans > 0, "the original's orphans were not found");
        Assert.Equal("ok", service.Database.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Cleanup_refuses_what_cannot_be_meant_and_names_the_field()
    {
        await using var service = await StartAsync(10);
        async Task Bad(string field, CleanupRequest request)
        {
            await Expect.BadFieldAsync(field, async () => await service.Maintenance.CleanupAsync(request));
            await Expect.BadFieldAsync(field, async () => await service.Maintenance.CleanupAsync(new CleanupRequest(request) { ValidateOnly = true }));
        }

        static CleanupRequest Of(string table, Duration? age = null, long rows = 0, bool confirm = false) =>
            new() { Policies = { new RetentionPolicy { Table = table, MaxAge = age, MaxRows = rows, ConfirmEverything = confirm } } };
        await Bad("policies[0].max_age", Of("events", Days(0)));
        await Bad("policies[0].max_age", Of("events", Days(-1)));
        await Bad("policies[0].max_age", Of("events", new Duration { Seconds = long.MaxValue }));
        await Bad("policies[0].max_age", Of("events", new Duration { Seconds = 1, Nanos = -1 }));
        await Bad("policies[0].max_rows", Of("events", rows: -1));
        await Bad("policies[0].confirm_everything", Of("events", Days(1), confirm: true));
        await Bad("policies[0].table", Of("", Days(1)));
        await Bad("policies[0].table", Of("users", Days(1)));
        await Bad("tables[0]", new CleanupRequest { Tables = { "sqlite_master" } });
        await Bad("max_database_bytes", new CleanupRequest { MaxDatabaseBytes = -1 });
        await Bad("max_database_bytes", new CleanupRequest { MaxDatabaseBytes = 1 });
        await Bad("etag", new CleanupRequest { Etag = "made-up" });
        Assert.Equal(10L, service.Database.Scalar(OldMetrics));
    }

    [Fact]
    public async Task Cleanup_planned_before_a_hold_is_aborted_and_the_hold_is_heeded_by_the_next()
    {
        await using var service = await StartAsync(100);
        var etag = (await service.Maintenance.CleanupAsync(new CleanupRequest { ValidateOnly = true })).Plan.Etag;
        var hold = (await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = new Hold { Target = new HoldTarget { SourceName = "s3" }, Reason = "case 7" } })).Result.Hold;

        var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await service.Maintenance.CleanupAsync(new CleanupRequest { Etag = etag }));
        Assert.Equal("the holds", error.Metadata["changed"]);
        var plan = (await service.Maintenance.CleanupAsync(new CleanupRequest { ValidateOnly = true })).Plan;
        Assert.Equal([hold.Id], plan.HoldIds);
        var metrics = (await service.Maintenance.CleanupAsync(new CleanupRequest { Etag = plan.Etag })).Result.Tables.Single(t => t.Table == "processing_metrics");

        Assert.Equal((80L, 20L), (metrics.Rows, metrics.HeldRows));
        Assert.Equal(["s3"], service.Database.Lines("SELECT DISTINCT source_name FROM processing_metrics"));
    }

    [Fact]
    public async Task Cleanup_cancelled_is_gone_on_with_and_a_second_one_meanwhile_is_refused()
    {
        await using var service = await StartAsync(20_000, "Maintenance__Retention__MaxChunkRows=100");
        // Each row takes a fraction of a millisecond: it is still on its way when the others come.
        service.Database.Execute(
            """
            CREATE TRIGGER test_slow BEFORE DELETE ON processing_metrics BEGIN
                SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n);
            END
            """);
        var started = (await service.Maintenance.CleanupAsync(new CleanupRequest { WaitTimeout = new Duration() })).Operation;
        await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationConflict, async () => await service.Maintenance.CleanupAsync(new CleanupRequest()));
        await service.WatchUntilAsync(started.Id, o => o.Progress.Completed > 0 || o.State is OperationState.Succeeded);
        await service.Maintenance.CancelOperationAsync(new CancelOperationRequest { OperationId = started.Id });
        var ended = (await service.WatchAllAsync(started.Id))[^1];
        Assert.Equal(OperationState.Cancelled, ended.State);
        var left = (long)service.Database.Scalar(OldMetrics)!;
        Assert.InRange(left, 1, 19_999);
        service.Database.Execute("DROP TRIGGER test_slow");

        var result = (await service.Maintenance.CleanupAsync(new CleanupRequest { ResumeOperationId = started.Id })).Result;

        Assert.Equal(0L, service.Database.Scalar(OldMetrics));
        Assert.Equal((20_000L, started.Id), (result.Tables[0].Rows, result.ResumedOperationId));
    }

    [Fact]
    public async Task Cleanup_whose_process_is_killed_again_and_again_is_gone_on_with_and_spares_what_it_must()
    {
        // A fifth of them is pinned; a round deletes at most 1,500.
        var (all, held) = (5_000 * (Rounds.Count + 1), 1_000L * (Rounds.Count + 1));
        await using var service = await StartAsync(all, "Maintenance__Retention__MaxChunkRows=200");
        // Within the policy by a day, and by an hour: of the very day that the policy ends on.
        foreach (var age in (string[])["-29 days", "-719 hours"])
            service.Database.Execute($"INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) SELECT 's1', 't', '2', strftime('%Y-%m-%dT%H:%M:%S', 'now', '{age}') FROM processing_metrics LIMIT 250");
        await service.Maintenance.CreateHoldAsync(new CreateHoldRequest { Hold = new Hold { Target = new HoldTarget { SourceName = "s4" }, Reason = "court" } });
        var (resume, left) = ("", (long)all);

        for (var round = 0; round < Rounds.Count; round++)
        {
            // It comes to its first transactions, and to an end only by its process's.
            using (var wall = EndlessRow.Plant(service.Database, after: 1_500))
            {
                var begun = (await service.Maintenance.CleanupAsync(new CleanupRequest { ResumeOperationId = resume, WaitTimeout = new Duration() })).Operation.Id;
                await service.WatchUntilAsync(begun, o => o.Progress.Completed > 0);
                await Task.Delay(Random.Shared.Next(0, 50));
                await service.Process.KillAsync();
                resume = begun;
            }

            await service.RestartAsync();
            Assert.Equal("ok", service.Database.Scalar("PRAGMA integrity_check"));
            AssertSpared(service, held);
            var now = (long)service.Database.Scalar(OldMetrics)!;
            Assert.InRange(now, held + 1, left - 1);
            var operation = await service.GetOperationAsync(resume);
            Assert.Equal((OperationState.Interrupted, left - now), (operation.State, operation.Progress.Completed));
            Assert.StartsWith($"Deleted {left - now} rows before it was interrupted", operation.Progress.Message, StringComparison.Ordinal);
            // What is on record as deleted is what is gone, to the row.
            Assert.Equal(all - now, service.Database.Scalar($"SELECT json_extract(tally, '$.Tables.processing_metrics.Rows') FROM maintenance_cleanups WHERE operation_id = '{resume}'"));
            left = now;
        }

        var result = (await service.Maintenance.CleanupAsync(new CleanupRequest { ResumeOperationId = resume })).Result;
        AssertSpared(service, held);
        Assert.Equal(held, service.Database.Scalar(OldMetrics));
        Assert.Equal((all - held, held, resume), (result.Tables[0].Rows, result.Tables[0].HeldRows, result.ResumedOperationId));
    }

    private static void AssertSpared(RunningService service, long held)
    {
        Assert.Equal(500L, service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE metric_value = '2'"));
        Assert.Equal(held, service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 's4'"));
    }

    private static async Task<RunningService> StartAsync(int oldMetrics, params string[] environment)
    {
        var service = await RunningService.StartAsync(environment: environment);
        service.Database.Execute(
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {oldMetrics})
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
            SELECT 's' || (i % 5), 't', '1', strftime('%Y-%m-%d %H:%M:%S', 'now', '-40 days', '-' || i || ' seconds') FROM n
            """);
        return service;
    }

    private static Duration Days(int days) => Duration.FromTimeSpan(TimeSpan.FromDays(days));
}
