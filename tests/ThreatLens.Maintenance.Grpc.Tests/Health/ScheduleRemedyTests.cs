using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Maintenance;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Health;

/// <summary>The call that the finding of a missed schedule names clears it, over the wire.</summary>
public sealed class ScheduleRemedyTests
{
    [Fact]
    public async Task RunSchedule_of_a_missed_schedule_clears_its_finding()
    {
        await using var service = await RunningService.StartAsync(environment: ["Maintenance__Scheduling__Enabled=true", "Maintenance__Scheduling__Optimize__MissedRuns=Skip"]);
        // The tables of the record come with the first operation.
        await service.Maintenance.BackupAsync(new BackupRequest());
        service.Database.Execute(
            """
            INSERT INTO maintenance_schedules(name, rhythm, settled_until, missed_runs, last_missed_at, last_missed_reason)
                VALUES ('optimize', '', strftime('%Y-%m-%d %H:%M:%f000'), 1, strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 hour'), 'the service did not run')
            ON CONFLICT(name) DO UPDATE SET missed_runs = 1, last_missed_at = excluded.last_missed_at, last_missed_reason = excluded.last_missed_reason
            """);

        var finding = Assert.Single(await FindingsAsync(service));

        Assert.Equal(("operations.schedule_missed", "optimize", "RunSchedule"), (finding.Id, finding.Subject, finding.Rpc));
        await service.Maintenance.RunScheduleAsync(new RunScheduleRequest { Name = finding.Subject });
        Assert.Empty(await FindingsAsync(service));
    }

    private static async Task<IReadOnlyList<HealthFinding>> FindingsAsync(RunningService service)
    {
        using var call = service.Maintenance.HealthReport(new HealthReportRequest { Sections = { HealthSectionKind.Operations } });
        return (await call.NextReportAsync()).Sections.Single().Findings;
    }
}
