using System.Globalization;
using Grpc.Core;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.AppHost;

/// <summary>What a developer does to the database from the dashboard, from the <c>aspire</c> command, or by typing to the built-in host: calls
/// to the service's gRPC endpoint, like those of any other caller.</summary>
internal static partial class MaintenanceCommands
{
    private delegate Task<ExecuteCommandResult> Command(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken);

    /// <summary>Adds <c>plan</c>, <c>migrate</c>, <c>rollback</c>, <c>status</c>, <c>cleanup</c>, <c>optimize</c>, <c>schedules</c>,
    /// <c>run-schedule</c> and <c>health-report</c> to the service.</summary>
    public static IResourceBuilder<ProjectResource> WithMaintenanceCommands(this IResourceBuilder<ProjectResource> maintenance)
    {
        var grpc = maintenance.GetEndpoint("grpc");
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> Calling(Command command) => context => CallAsync(grpc, command, context);

        return maintenance
            .WithCommand("plan", "Plan", Calling(PlanAsync), new CommandOptions
            {
                Description = "What Migrate would do: statements, rows, space, what the linter says. Changes nothing.",
                IconName = "ClipboardTaskList",
                Arguments = [TargetVersion()],
            })
            .WithCommand("migrate", "Migrate", Calling(MigrateAsync), new CommandOptions
            {
                Description = "Applies the migrations that are pending.",
                IconName = "ArrowUp",
                IsHighlighted = true,
                Arguments = [TargetVersion()],
            })
            .WithCommand("rollback", "Roll back", Calling(RollbackAsync), new CommandOptions
            {
                Description = "Undoes migrations: the newest one by name, or all above a version.",
                IconName = "ArrowUndo",
                ConfirmationMessage = "Roll back? What the undone migrations added is dropped with all it holds.",
                Arguments =
                [
                    Text("version", "Version to undo", "The newest applied version, such as 003. Either this or the version to go back to."),
                    Text("to", "Version to go back to", "Undoes everything above this version, such as 001, which stays."),
                    Text("maxValuesLost", "Values that may be lost", "Most values (non-null cells) that may go with what is undone. Empty: none, and the refusal tells how many it would be.", "0"),
                ],
            })
            .WithCommand("status", "Status", Calling(StatusAsync), new CommandOptions
            {
                Description = "Which migrations are applied and which are pending.",
                IconName = "Info",
                IsHighlighted = true,
            })
            .WithCommand("cleanup", "Clean up", Calling(CleanupAsync), new CommandOptions
            {
                Description = "Deletes what is past its policy, in small transactions beside ingest; holds are heeded.",
                IconName = "Delete",
                ConfirmationMessage = "Clean up? What is past its policy is deleted. `cleanup --plan` on the command line tells what that is.",
            })
            .WithCommand("optimize", "Optimize", Calling(OptimizeAsync), new CommandOptions
            {
                Description = "Gives free pages back in slices beside ingest, and refreshes statistics.",
                IconName = "Broom",
            })
            .WithCommand("schedules", "Schedules", Calling(SchedulesAsync), new CommandOptions
            {
                Description = "What runs by itself: when next, how it went last, what is paused or was missed.",
                IconName = "CalendarClock",
            })
            .WithCommand("run-schedule", "Run a schedule", Calling(RunScheduleAsync), new CommandOptions
            {
                Description = "Runs a schedule's job now, such as an integrity check or a backup.",
                IconName = "CalendarArrowRight",
                Arguments =
                [
                    Text("name", "Schedule", "backup, cleanup, integrity-check, integrity-check-full, optimize, restore-drill or vacuum."),
                ],
            })
            .WithCommand("health-report", "Health report", Calling(HealthReportAsync), new CommandOptions
            {
                Description = "How the database is, section by section: schema to retention, what is wrong and what to do.",
                IconName = "HeartPulse",
                IsHighlighted = true,
            });
    }

    private static InteractionInput TargetVersion() => Text("target", "Target version", "Version to migrate to, such as 003. Empty: the latest.", "latest");

    private static InteractionInput Text(string name, string label, string description, string? placeholder = null) =>
        new() { Name = name, Label = label, InputType = InputType.Text, Description = description, Placeholder = placeholder };

    private static async Task<ExecuteCommandResult> PlanAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var request = new MigrateRequest { ValidateOnly = true, TargetVersion = arguments.GetString("target") ?? "" };
        var plan = (await client.MigrateAsync(request, cancellationToken: cancellationToken)).Plan;
        var refused = plan.Findings.Count(finding => finding.Error);
        return CommandResults.Success(
            plan.Steps.Count == 0 ? $"Nothing is pending: the database is at {plan.FromVersion}."
            : refused > 0 ? $"Migrate would be refused: {plan.Findings.First(finding => finding.Error).Message}"
            : $"Migrate would run {string.Join(", ", plan.Steps.Select(step => step.Version))}.",
            Reports.Of(plan), CommandResultFormat.Markdown, displayImmediately: true);
    }

    private static async Task<ExecuteCommandResult> MigrateAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var request = new MigrateRequest { TargetVersion = arguments.GetString("target") ?? "" };
        var response = await client.MigrateAsync(request, cancellationToken: cancellationToken);
        var applied = response.Result.Applied.Select(migration => migration.Version).ToList();
        return CommandResults.Success(applied.Count == 0
            ? $"Nothing was pending: the database is at {response.Result.ToVersion}."
            : $"Applied {string.Join(", ", applied)} (operation {response.Operation.Id}).");
    }

    private static async Task<ExecuteCommandResult> RollbackAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var request = new RollbackRequest();
        if (arguments.GetString("maxValuesLost") is { Length: > 0 } bound)
        {
            if (!long.TryParse(bound, NumberStyles.None, CultureInfo.InvariantCulture, out var values))
                return CommandResults.Failure($"'{bound}' is no number of values that may be lost (maxValuesLost).");
            request.MaxValuesLost = values;
        }

        switch (arguments.GetString("version"), arguments.GetString("to"))
        {
            case ({ Length: > 0 } version, null or ""):
                request.Version = version;
                break;
            case (null or "", { Length: > 0 } to):
                request.ToVersion = to;
                break;
            default:
                return CommandResults.Failure("Say either which version to undo (version) or which one to go back to (to).");
        }

        var response = await client.RollbackAsync(request, cancellationToken: cancellationToken);
        var undone = response.Result.Undone.Select(migration => migration.Version).ToList();
        return CommandResults.Success(undone.Count == 0
            ? $"Nothing was to undo: the database is at {response.Result.ToVersion}."
            : $"Undid {string.Join(", ", undone)} (operation {response.Operation.Id}).");
    }

    private static async Task<ExecuteCommandResult> StatusAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var status = await client.StatusAsync(new StatusRequest(), cancellationToken: cancellationToken);
        var state = status.UpToDate ? "up to date" : "not up to date";
        return CommandResults.Success($"The schema is {state}.", Reports.Of(status), CommandResultFormat.Markdown, displayImmediately: true);
    }

    private static async Task<ExecuteCommandResult> OptimizeAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var response = await client.OptimizeAsync(new OptimizeRequest(), cancellationToken: cancellationToken);
        var result = response.Result;
        return CommandResults.Success(
            $"Gave back {result.BytesBefore - result.BytesAfter} bytes: the file has {result.BytesAfter} (operation {response.Operation.Id}).");
    }

    private static async Task<ExecuteCommandResult> CleanupAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        var response = await client.CleanupAsync(new CleanupRequest(), cancellationToken: cancellationToken);
        var deleted = response.Result.Tables.Where(table => table.Rows > 0).Select(table => $"{table.Rows} of {table.Table}").ToList();
        return CommandResults.Success(deleted.Count == 0 ? "Nothing was past its policy." : $"Deleted {string.Join(", ", deleted)} (operation {response.Operation.Id}).");
    }

    private static async Task<ExecuteCommandResult> HealthReportAsync(
        DatabaseMaintenance.DatabaseMaintenanceClient client, InteractionInputCollection arguments, CancellationToken cancellationToken)
    {
        // The stream goes on for as long as one listens; its first message is a whole report.
        using var call = client.HealthReport(new HealthReportRequest(), cancellationToken: cancellationToken);
        // The headers say why there is no connection; the messages would only say that the call is over.
        await call.ResponseHeadersAsync;
        // A heartbeat is only a sign that the report takes longer than a moment.
        while (await call.ResponseStream.MoveNext(cancellationToken) && call.ResponseStream.Current.Heartbeat)
        {
        }

        var report = call.ResponseStream.Current;
        return CommandResults.Success($"Overall: {report.Overall}.", Reports.Of(report), CommandResultFormat.Markdown, displayImmediately: true);
    }

    private static async Task<ExecuteCommandResult> CallAsync(EndpointReference grpc, Command command, ExecuteCommandContext context)
    {
        try
        {
            using var channel = DatabaseMaintenanceChannel.Create(new Uri(grpc.Url), callerName: "apphost");
            return await command(channel.Client, context.Arguments, context.CancellationToken);
        }
        catch (RpcException e)
        {
            var failure = MaintenanceFailure.FromException(e);
            var wayOn = failure.Reason == "VALUES_WOULD_BE_LOST" ? $" Here that is maxValuesLost={failure.Metadata.GetValueOrDefault("valuesLost")}." : "";
            return CommandResults.Failure($"{failure.Code}{(failure.IsFromService ? $" ({failure.Reason})" : "")}: {failure.Message}{wayOn}");
        }
    }
}
