using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;
using Xunit;
using static ThreatLens.Maintenance.V1.DatabaseMaintenance;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;

namespace ThreatLens.Maintenance.Grpc.Tests.Contract;

/// <summary>Requests that are wrong whatever the state of the database: each is refused with the field that is at fault, and leaves no trace.</summary>
public sealed class InvalidArgumentTests(SharedService shared)
{
    private static readonly Dictionary<string, (string Field, Func<DatabaseMaintenanceClient, Task> Call)> Cases = new()
    {
        ["unknown target version"] = ("target_version", async c => await c.MigrateAsync(new MigrateRequest { TargetVersion = "099_nothing" })),
        ["target version that is no version"] = ("target_version", async c => await c.MigrateAsync(new MigrateRequest { TargetVersion = "'; DROP TABLE events; --" })),
        ["unknown order"] = ("order", async c => await c.MigrateAsync(new MigrateRequest { Order = (MigrationOrder)99 })),
        ["negative order"] = ("order", async c => await c.MigrateAsync(new MigrateRequest { Order = (MigrationOrder)(-1) })),
        ["unknown version"] = ("version", async c => await c.RollbackAsync(new RollbackRequest { Version = "042" })),
        ["empty version"] = ("version", async c => await c.RollbackAsync(new RollbackRequest { Version = "" })),
        ["unknown floor"] = ("to_version", async c => await c.RollbackAsync(new RollbackRequest { ToVersion = "042" })),
        ["empty floor"] = ("to_version", async c => await c.RollbackAsync(new RollbackRequest { ToVersion = "" })),
        ["no steps"] = ("steps", async c => await c.RollbackAsync(new RollbackRequest { Steps = 0 })),
        ["negative steps"] = ("steps", async c => await c.RollbackAsync(new RollbackRequest { Steps = -1 })),
        ["fewest steps"] = ("steps", async c => await c.RollbackAsync(new RollbackRequest { Steps = int.MinValue })),
        ["unknown version to re-align"] = ("realign_versions[1]", async c => await c.RepairAsync(new RepairRequest { RealignVersions = { "001", "042" } })),
        ["empty version to re-align"] = ("realign_versions[0]", async c => await c.RepairAsync(new RepairRequest { ValidateOnly = true, RealignVersions = { "" } })),
        ["over-long request id of a repair"] = ("request_id", async c => await c.RepairAsync(new RepairRequest { RequestId = new string('r', 256) })),
        ["cascade without version"] = ("cascade", async c => await c.RollbackAsync(new RollbackRequest { ToVersion = "001", Cascade = true })),
        ["unknown rule to allow"] = ("allow[1]", async c => await c.MigrateAsync(new MigrateRequest { Allow = { "pragma", "everything" } })),
        ["unknown rule to allow in a plan"] = ("allow[0]", async c => await c.MigrateAsync(new MigrateRequest { ValidateOnly = true, Allow = { "" } })),
        ["unknown rule to allow in a rollback"] = ("allow[0]", async c => await c.RollbackAsync(new RollbackRequest { Allow = { "Destructive" } })),
        ["rehearsal without a plan"] = ("rehearse", async c => await c.MigrateAsync(new MigrateRequest { Rehearse = true })),
        ["rehearsal of a rollback without a plan"] = ("rehearse", async c => await c.RollbackAsync(new RollbackRequest { Rehearse = true })),
        ["plan to an unknown version"] = ("target_version", async c => await c.MigrateAsync(new MigrateRequest { ValidateOnly = true, TargetVersion = "099" })),
        ["plan with an over-long request id"] = ("request_id", async c => await c.RollbackAsync(new RollbackRequest { ValidateOnly = true, RequestId = new string('r', 256) })),
        ["negative loss"] = ("max_values_lost", async c => await c.RollbackAsync(new RollbackRequest { MaxValuesLost = -1 })),
        ["negative wait"] = ("wait_timeout", async c => await c.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Seconds = -1 } })),
        ["wait just below zero"] = ("wait_timeout", async c => await c.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Nanos = -1_000 } })),
        ["wait of more than a day"] = ("wait_timeout", async c => await c.RollbackAsync(new RollbackRequest { WaitTimeout = new Duration { Seconds = 86_400, Nanos = 1_000 } })),
        ["absurd wait"] = ("wait_timeout", async c => await c.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Seconds = long.MaxValue } })),
        ["absurdly negative wait"] = ("wait_timeout", async c => await c.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Seconds = long.MinValue } })),
        ["wait with mixed signs"] = ("wait_timeout", async c => await c.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Seconds = 1, Nanos = -1 } })),
        ["wait with too many nanoseconds"] = ("wait_timeout", async c => await c.MigrateAsync(new MigrateRequest { WaitTimeout = new Duration { Nanos = int.MaxValue } })),
        ["over-long request id"] = ("request_id", async c => await c.MigrateAsync(new MigrateRequest { RequestId = new string('r', 256) })),
        ["over-long request id of a rollback"] = ("request_id", async c => await c.RollbackAsync(new RollbackRequest { RequestId = new string('é', 256) })),
        ["no operation id"] = ("operation_id", async c => await c.GetOperationAsync(new GetOperationRequest())),
        ["no operation to cancel"] = ("operation_id", async c => await c.CancelOperationAsync(new CancelOperationRequest())),
        ["negative page size of operations"] = ("page_size", async c => await c.ListOperationsAsync(new ListOperationsRequest { PageSize = -1 })),
        ["page of too many operations"] = ("page_size", async c => await c.ListOperationsAsync(new ListOperationsRequest { PageSize = 1001 })),
        ["foreign page token of operations"] = ("page_token", async c => await c.ListOperationsAsync(new ListOperationsRequest { PageToken = "Zm9yZWlnbg" })),
        ["page token that is no token"] = ("page_token", async c => await c.ListOperationsAsync(new ListOperationsRequest { PageToken = "\u0000 ünïcode §$%" })),
        ["unknown kind"] = ("kind", async c => await c.ListOperationsAsync(new ListOperationsRequest { Kind = (OperationKind)77 })),
        ["unknown state"] = ("state", async c => await c.ListOperationsAsync(new ListOperationsRequest { State = (OperationState)77 })),
        ["negative page size of sources"] = ("page_size", async c => await c.ListLogSourcesAsync(new ListLogSourcesRequest { PageSize = int.MinValue })),
        ["foreign page token of sources"] = ("page_token", async c => await c.ListLogSourcesAsync(new ListLogSourcesRequest { PageToken = "abc" })),
        ["page of too many metrics"] = ("page_size", c => MetricsAsync(c, new GetProcessingMetricsRequest { PageSize = 1001 })),
        ["foreign page token of metrics"] = ("page_token", c => MetricsAsync(c, new GetProcessingMetricsRequest { PageToken = "bWV0cmljcw" })),
        ["made-up page token of metrics"] = ("page_token", c => MetricsAsync(c, new GetProcessingMetricsRequest { PageToken = MetricsToken("1 2 x") })),
        ["page token of metrics beyond all time"] = ("page_token", c => MetricsAsync(c, new GetProcessingMetricsRequest { PageToken = MetricsToken("1 9223372036854775807 []") })),
        ["window that ends before it begins"] = ("window.end_time", c => MetricsAsync(c, Between(1, 0))),
        ["window that begins in the future"] = ("window.start_time", c => MetricsAsync(c, new GetProcessingMetricsRequest { Window = new TimeRange { StartTime = new Timestamp { Seconds = 99_999_999_999 } } })),
        ["start of a window that is no time"] = ("window.start_time", c => MetricsAsync(c, Between(long.MinValue, 0))),
        ["end of a window that is no time"] = ("window.end_time", c => MetricsAsync(c, new GetProcessingMetricsRequest { Window = new TimeRange { EndTime = new Timestamp { Nanos = -1 } } })),
        ["unknown resolution"] = ("resolution", c => MetricsAsync(c, new GetProcessingMetricsRequest { Resolution = (MetricResolution)4 })),
        ["over-long source of metrics"] = ("source_name", c => MetricsAsync(c, new GetProcessingMetricsRequest { SourceName = new string('s', 256) })),
        ["over-long type of metrics"] = ("metric_type", c => MetricsAsync(c, new GetProcessingMetricsRequest { MetricType = new string('é', 101) })),
        ["source of metrics with a NUL"] = ("source_name", c => MetricsAsync(c, new GetProcessingMetricsRequest { SourceName = "a\0b" })),
        ["unknown source status"] = ("status", async c => await c.ListLogSourcesAsync(new ListLogSourcesRequest { Status = (LogSourceStatus)9 })),
        ["no source name"] = ("source_name", async c => await c.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest())),
        ["neither on nor off"] = ("enabled", async c => await c.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = "any" })),
        ["no configuration"] = ("config", async c => await c.UpdateMonitoringConfigAsync(new UpdateMonitoringConfigRequest())),
        ["interval too short"] = ("config.interval", async c => await UpdateAsync(c, new MonitoringConfig { Interval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(99)) })),
        ["interval too long"] = ("config.interval", async c => await UpdateAsync(c, new MonitoringConfig { Interval = Duration.FromTimeSpan(TimeSpan.FromHours(1.001)) })),
        ["negative interval"] = ("config.interval", async c => await UpdateAsync(c, new MonitoringConfig { Interval = new Duration { Seconds = -1 } })),
        ["relative path"] = ("config.paths[1]", async c => await UpdateAsync(c, new MonitoringConfig { Paths = { "/var/log/a", "var/log/b" } })),
        ["empty path"] = ("config.paths[0]", async c => await UpdateAsync(c, new MonitoringConfig { Paths = { "" } })),
        ["over-long path"] = ("config.paths[0]", async c => await UpdateAsync(c, new MonitoringConfig { Paths = { "/" + new string('p', 1000) } })),
        ["path listed twice"] = ("config.paths[1]", async c => await UpdateAsync(c, new MonitoringConfig { Paths = { "/a", "/a" } })),
        ["too many paths"] = ("config.paths", async c => await UpdateAsync(c, new MonitoringConfig { Paths = { Enumerable.Range(0, 1001).Select(i => $"/{i}") } })),
        ["unknown section"] = ("sections[1]", c => ReportAsync(c, new HealthReportRequest { Sections = { HealthSectionKind.Schema, (HealthSectionKind)55 } })),
        ["unspecified section"] = ("sections[0]", c => ReportAsync(c, new HealthReportRequest { Sections = { HealthSectionKind.Unspecified } })),
        ["report too often"] = ("interval", c => ReportAsync(c, new HealthReportRequest { Interval = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(999)) })),
        ["report without pause"] = ("interval", c => ReportAsync(c, new HealthReportRequest { Interval = new Duration() })),
        ["report before it was asked for"] = ("interval", c => ReportAsync(c, new HealthReportRequest { Interval = new Duration { Seconds = -1 } })),
        ["report too seldom"] = ("interval", c => ReportAsync(c, new HealthReportRequest { Interval = new Duration { Seconds = 3601 } })),
        ["negative sequence to watch from"] = ("after_sequence", c => WatchAsync(c, new WatchOperationRequest { OperationId = new string('0', 32), AfterSequence = -1 })),
        ["no schedule to run"] = ("name", async c => await c.RunScheduleAsync(new RunScheduleRequest())),
        ["over-long request id of a run"] = ("request_id", async c => await c.RunScheduleAsync(new RunScheduleRequest { Name = "backup", RequestId = new string('r', 256) })),
        ["no schedule to pause"] = ("name", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Paused = true })),
        ["neither paused nor resumed"] = ("paused", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Name = "backup" })),
        ["pause until long ago"] = ("pause_until", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Name = "backup", Paused = true, PauseUntil = new Timestamp { Seconds = 1 } })),
        ["pause until no time"] = ("pause_until", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Name = "backup", Paused = true, PauseUntil = new Timestamp { Nanos = -1 } })),
        ["resumed until"] = ("pause_until", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Name = "backup", Paused = false, PauseUntil = new Timestamp { Seconds = 32_503_680_000 } })),
        ["resumed because"] = ("reason", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Name = "backup", Paused = false, Reason = "why not" })),
        ["over-long reason in a plan"] = ("reason", async c => await c.PauseScheduleAsync(new PauseScheduleRequest { Name = "backup", Paused = true, ValidateOnly = true, Reason = new string('é', 1_001) })),
        ["nothing to watch"] = ("operation_id", c => WatchAsync(c, new WatchOperationRequest())),
    };

    private static readonly string[] UnknownVersions = ["unknown version to re-align", "empty version to re-align", "unknown target version", "target version that is no version", "unknown version", "unknown floor", "plan to an unknown version"];

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Request_with_a_wrong_field_names_the_field(string name)
    {
        var (field, call) = Cases[name];

        var reason = UnknownVersions.Contains(name) ? ErrorReasons.UnknownVersion : ErrorReasons.InvalidArgument;
        var error = await Expect.BadFieldAsync(field, () => call(shared.Service.Maintenance), reason);

        Assert.Equal("", error.OperationId);
        Assert.Null(error.RetryDelay);
    }

    [Fact]
    public async Task Values_on_the_bounds_are_accepted()
    {
        var client = shared.Service.Maintenance;

        await client.ListOperationsAsync(new ListOperationsRequest { PageSize = 1000 });
        await client.ListLogSourcesAsync(new ListLogSourcesRequest { PageSize = 1 });
        var edge = Between(-62_135_596_800, 253_402_300_799);
        (edge.PageSize, edge.SourceName, edge.MetricType) = (1000, string.Concat(Enumerable.Repeat("😀", 255)), new string('t', 100));
        foreach (var resolution in System.Enum.GetValues<MetricResolution>())
        {
            edge.Resolution = resolution;
            Assert.Empty((await client.GetProcessingMetricsAsync(edge)).Metrics);
        }

        Assert.Empty((await client.GetProcessingMetricsAsync(Between(5, 5))).Metrics);
        var request = new UpdateMonitoringConfigRequest
        {
            RequestId = string.Concat(Enumerable.Repeat("😀", 255)),
            WaitTimeout = new Duration { Seconds = 86_400 },
            ValidateOnly = true,
            Config = new MonitoringConfig { Interval = Duration.FromTimeSpan(TimeSpan.FromHours(1)), Paths = { "/" + new string('p', 999) } },
        };
        var plan = (await client.UpdateMonitoringConfigAsync(request)).Plan;
        Assert.Equal(request.Config.Paths, plan.After.Paths);
    }

    private static async Task UpdateAsync(DatabaseMaintenanceClient client, MonitoringConfig config) =>
        await client.UpdateMonitoringConfigAsync(new UpdateMonitoringConfigRequest { Config = config });

    private static async Task MetricsAsync(DatabaseMaintenanceClient client, GetProcessingMetricsRequest request) => await client.GetProcessingMetricsAsync(request);

    private static GetProcessingMetricsRequest Between(long start, long end) =>
        new() { Window = new TimeRange { StartTime = new Timestamp { Seconds = start }, EndTime = new Timestamp { Seconds = end } } };

    /// <summary>A token for a request without filters whose position is this.</summary>
    private static string MetricsToken(string position) => PageTokens.Write("metrics [null,\"\",\"\",\"Raw\"]", position);

    private static async Task ReportAsync(DatabaseMaintenanceClient client, HealthReportRequest request)
    {
        using var call = client.HealthReport(request);
        await call.ResponseStream.MoveNext(CancellationToken.None);
    }

    private static async Task WatchAsync(DatabaseMaintenanceClient client, WatchOperationRequest request)
    {
        using var call = client.WatchOperation(request);
        await call.ResponseStream.MoveNext(CancellationToken.None);
    }
}
