using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Operations;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schedules;

/// <summary>Schedules from outside: listed, run by hand and by themselves, paused, across restarts.</summary>
public sealed class ScheduleTests
{
    /// <summary>An integrity check every second; everything else is off.</summary>
    private static readonly string[] EverySecond =
    [
        "Maintenance__Scheduling__Enabled=true", "Maintenance__Scheduling__IntegrityCheck__Cron=* * * * * ?", "Maintenance__Scheduling__IntegrityCheck__Jitter=0",
        .. Off("Backup", "Cleanup", "Optimize", "IntegrityCheckFull", "RestoreDrill"),
    ];

    [Fact]
    public async Task List_has_every_job_with_its_times()
    {
        await using var service = await RunningService.StartAsync(environment: ["Maintenance__Scheduling__Enabled=true", "Maintenance__Scheduling__TimeZone=Europe/Berlin", "Maintenance__Scheduling__Cleanup__Window=Sat 01:00-02:00"]);

        var schedules = (await service.Maintenance.ListSchedulesAsync(new ListSchedulesRequest())).Schedules;

        Assert.Equal(["backup", "cleanup", "integrity-check", "integrity-check-full", "optimize", "restore-drill", "vacuum"], schedules.Select(s => s.Name));
        Assert.All(schedules, s => Assert.True(s.Cron.Length > 0 && s.Description.Length > 0 && s.TimeZone == "Europe/Berlin" && s.Enabled == s.NextTime is not null && s.Enabled == (s.Name != "vacuum"), s.ToString()));
        var cleanup = schedules.Single(s => s.Name == "cleanup");
        Assert.Equal(("0 0 3 * * ?", "Sat 01:00-02:00", TimeSpan.FromMinutes(5), MissedRunPolicy.RunOnce), (cleanup.Cron, cleanup.Window, cleanup.Jitter.ToTimeSpan(), cleanup.MissedRunsPolicy));
        Assert.Equal(DayOfWeek.Saturday, TimeZoneInfo.ConvertTime(cleanup.NextTime.ToDateTimeOffset(), TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).DayOfWeek);
    }

    [Fact]
    public async Task Run_by_hand_is_an_operation_of_its_caller_also_when_schedules_are_off()
    {
        await using var service = await RunningService.StartAsync();
        var caller = new Metadata { { "threatlens-caller", "alice" } };
        var ran = new Dictionary<string, Operation>();
        foreach (var (name, kind) in ((string, OperationKind)[])
            [("backup", OperationKind.Backup), ("cleanup", OperationKind.Cleanup), ("integrity-check", OperationKind.IntegrityCheck), ("integrity-check-full", OperationKind.IntegrityCheck), ("optimize", OperationKind.Optimize), ("restore-drill", OperationKind.RestoreDrill), ("vacuum", OperationKind.Optimize)])
        {
            var request = new RunScheduleRequest { Name = name, RequestId = $"once {name}" };
            var operation = (await service.Maintenance.RunScheduleAsync(request, caller)).Operation;
            Assert.Equal((kind, OperationState.Succeeded, "alice"), (operation.Kind, operation.State, operation.Caller.Name));
            Assert.NotEqual(Operation.ResultOneofCase.None, operation.ResultCase);
            Assert.Equal(operation.Id, (await service.Maintenance.RunScheduleAsync(request, caller)).Operation.Id);
            ran[name] = operation;
        }

        Assert.True(ran["integrity-check-full"].IntegrityCheck.Full && ran["vacuum"].Optimize.Rewrote);
        Assert.False(ran["integrity-check"].IntegrityCheck.Full || ran["optimize"].Optimize.Rewrote);
        await service.RestartAsync();

        foreach (var schedule in (await service.Maintenance.ListSchedulesAsync(new ListSchedulesRequest())).Schedules)
        {
            var recorded = await service.GetOperationAsync(ran[schedule.Name].Id);
            Assert.Equal((recorded.Id, recorded.CreateTime, ScheduleOutcome.Succeeded, false, 0L), (schedule.LastOperationId, schedule.LastTime, schedule.LastOutcome, schedule.Enabled, schedule.MissedRuns));
            Assert.Equal(ran[schedule.Name].ResultCase, recorded.ResultCase);
        }
    }

    [Fact]
    public async Task Run_of_an_unknown_name_says_which_there_are()
    {
        await using var service = await RunningService.StartAsync();

        foreach (var call in (Func<Task>[])[async () => await service.Maintenance.RunScheduleAsync(new RunScheduleRequest { Name = "coffee" }), async () => await PauseAsync(service, "coffee", true)])
        {
            var error = await Expect.ErrorAsync(StatusCode.NotFound, ErrorReasons.ScheduleNotFound, call);
            Assert.Equal("name", error.Field);
            Assert.Contains("integrity-check", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Run_by_hand_beside_a_conflict_is_aborted_naming_it_and_one_by_itself_comes_after_it()
    {
        await using var service = await RunningService.StartAsync(environment: ["Maintenance__MigrateOnStartup=false", .. EverySecond]);
        await service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = Versions.Tables });
        var slow = SlowStep.Plant(service.Database, Versions.Fields, SlowStep.Long);
        // What runs at this moment by itself may be in the way.
        var migrating = await Eventually.AsyncUntil(async () =>
        {
            try
            {
                return (await service.Maintenance.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration() })).Operation;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Aborted)
            {
                return null;
            }
        }, o => o is not null, "the migration");

        var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.OperationConflict, async () => await service.Maintenance.RunScheduleAsync(new RunScheduleRequest { Name = "backup" }));
        Assert.Equal(migrating!.Id, error.OperationId);
        await service.WatchAllAsync(migrating.Id);

        await UntilRunAsync(service, after: migrating.Id);
        slow.Dispose();
    }

    [Fact]
    public async Task Pause_survives_a_crash_and_nothing_runs_until_it_is_resumed()
    {
        await using var service = await RunningService.StartAsync(environment: EverySecond);
        await UntilRunAsync(service, after: "");
        var until = Timestamp.FromDateTimeOffset(new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var planned = await service.Maintenance.PauseScheduleAsync(new PauseScheduleRequest { Name = "integrity-check", Paused = true, ValidateOnly = true });
        Assert.True(planned.Plan.Schedule.Paused && planned.Operation is null);
        Assert.False((await GetAsync(service, "integrity-check")).Paused);

        var paused = await PauseAsync(service, "integrity-check", true, until, "the disk is being replaced");
        Assert.Equal((OperationKind.PauseSchedule, OperationState.Succeeded), (paused.Operation.Kind, paused.Operation.State));
        await service.RestartAsync();

        var schedule = await GetAsync(service, "integrity-check");
        Assert.Equal(paused.Result.Schedule.Pause, schedule.Pause);
        Assert.Equal((true, until, "the disk is being replaced"), (schedule.Paused, schedule.Pause.UntilTime, schedule.Pause.Reason));
        Assert.NotEqual("", schedule.Pause.PausedBy);
        Assert.Equal(until, schedule.NextTime);
        // Due times go by, and are settled without a run. One that was on its way when the pause came may still have run.
        var settled = Settled(service);
        await Eventually.UntilAsync(() => string.CompareOrdinal(Settled(service), settled) > 0, "a due time has gone by");
        var newest = await NewestAsync(service);
        settled = Settled(service);
        await Eventually.UntilAsync(() => string.CompareOrdinal(Settled(service), settled) > 0, "another due time has gone by");
        Assert.Equal(newest, await NewestAsync(service));

        var resumed = await PauseAsync(service, "integrity-check", false);
        Assert.Null(resumed.Result.Schedule.Pause);
        await UntilRunAsync(service, after: newest);
        // A run that the crash cut short counts as missed; what was due during the pause does not.
        Assert.Equal(schedule.MissedRuns, (await GetAsync(service, "integrity-check")).MissedRuns);
    }

    [Fact]
    public async Task Pause_that_is_newer_than_a_backup_survives_its_restore()
    {
        await using var service = await RunningService.StartAsync();
        var backup = (await service.Maintenance.BackupAsync(new BackupRequest())).Result.Backup.Name;
        await PauseAsync(service, "cleanup", true, reason: "a case is open");

        await service.Maintenance.RestoreAsync(new RestoreRequest { BackupName = backup, MaxRowsLost = 0 });

        Assert.Equal("a case is open", (await GetAsync(service, "cleanup")).Pause?.Reason);
    }

    [Theory]
    [InlineData("RunOnce", 1, 0)]
    [InlineData("Skip", 0, 1)]
    public async Task Run_that_was_due_while_the_service_was_down_is_treated_by_policy(string policy, int runs, long missed)
    {
        // Once a year, and nothing else: no run is due by itself while the test runs.
        await using var service = await RunningService.StartAsync(environment:
        [
            "Maintenance__Scheduling__Enabled=true", "Maintenance__Scheduling__Optimize__Cron=0 0 4 1 1 ?", "Maintenance__Scheduling__Optimize__Jitter=0",
            $"Maintenance__Scheduling__Optimize__MissedRuns={policy}", .. Off("Backup", "Cleanup", "IntegrityCheck", "IntegrityCheckFull", "RestoreDrill"),
        ]);
        await Eventually.UntilAsync(() => service.Database.Rows("SELECT 1 FROM maintenance_schedules WHERE name = 'optimize'").Count == 1, "the schedule is on record");
        await service.Process.KillAsync();
        service.Database.Execute("UPDATE maintenance_schedules SET settled_until = '2020-01-01 00:00:00.000000' WHERE name = 'optimize'");

        await service.RestartAsync();

        var schedule = await Eventually.AsyncUntil(() => GetAsync(service, "optimize"), s => s.LastOutcome == ScheduleOutcome.Succeeded || s.MissedRuns > 0, "the missed run is treated");
        Assert.Equal(missed, schedule.MissedRuns);
        var operations = (await service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.Optimize })).Operations;
        Assert.Equal(runs, operations.Count);
        Assert.All(operations, o => Assert.Equal(("schedule:optimize", true, schedule.LastOperationId), (o.Caller.Name, o.Caller.Verified, o.Id)));
    }

    [Theory]
    [InlineData("Cleanup__Cron", "every day", "Maintenance:Scheduling:Cleanup:Cron")]
    [InlineData("Vacuum__Enabled", "true", "Maintenance:Scheduling:Vacuum:Window")]
    [InlineData("Optimize__MissedRuns", "Sometimes", "Maintenance:Scheduling:Optimize:MissedRuns")]
    public Task Setting_that_cannot_be_meant_stops_the_service_at_its_start(string setting, string value, string named) =>
        RefusedStart.AssertAsync($"Maintenance__Scheduling__{setting}", value, named);

    private static IEnumerable<string> Off(params IEnumerable<string> jobs) => jobs.Select(job => $"Maintenance__Scheduling__{job}__Enabled=false");

    private static string Settled(RunningService service) => (string)service.Database.Scalar("SELECT settled_until FROM maintenance_schedules WHERE name = 'integrity-check'")!;

    private static async Task<Schedule> GetAsync(RunningService service, string name) =>
        (await service.Maintenance.ListSchedulesAsync(new ListSchedulesRequest())).Schedules.Single(s => s.Name == name);

    private static async Task<PauseScheduleResponse> PauseAsync(RunningService service, string name, bool paused, Timestamp? until = null, string reason = "") =>
        await service.Maintenance.PauseScheduleAsync(new PauseScheduleRequest { Name = name, Paused = paused, PauseUntil = until, Reason = reason });

    /// <summary>Id of the newest run; empty: there is none.</summary>
    private static async Task<string> NewestAsync(RunningService service) =>
        (await service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.IntegrityCheck, PageSize = 1 })).Operations.FirstOrDefault()?.Id ?? "";

    private static Task UntilRunAsync(RunningService service, string after) => Eventually.AsyncUntil(
        async () => (await service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.IntegrityCheck, State = OperationState.Succeeded, PageSize = 1 })).Operations.FirstOrDefault(),
        o => o is not null && string.CompareOrdinal(o.Id, after) > 0 && o.Caller.Name == "schedule:integrity-check", "a run by itself");
}
