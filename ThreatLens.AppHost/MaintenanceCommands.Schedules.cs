using ThreatLens.Maintenance.V1;

namespace ThreatLens.AppHost;

internal static partial class MaintenanceCommands
{
    private static async Task<ExecuteCommandResult> SchedulesAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var response = await client.ListSchedulesAsync(new ListSchedulesRequest(), cancellationToken: cancellationToken);
        var next = response.Schedules.Where(schedule => schedule.NextTime is not null).MinBy(schedule => schedule.NextTime.Seconds);
        return CommandResults.Success(
            next is null ? "Nothing runs by itself." : $"Next: {next.Name} at {next.NextTime.ToDateTimeOffset():u}.",
            Reports.Of(response), CommandResultFormat.Markdown, displayImmediately: true);
    }

    private static async Task<ExecuteCommandResult> RunScheduleAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var request = new RunScheduleRequest { Name = arguments.GetString("name") ?? "" };
        var operation = (await client.RunScheduleAsync(request, cancellationToken: cancellationToken)).Operation;
        return operation.IntegrityCheck?.Problems.Count > 0
            ? CommandResults.Failure($"The check found {operation.IntegrityCheck.Problems.Count} problems, the first: {operation.IntegrityCheck.Problems[0]} (operation {operation.Id}).")
            : CommandResults.Success($"{request.Name} is done (operation {operation.Id}).");
    }
}
