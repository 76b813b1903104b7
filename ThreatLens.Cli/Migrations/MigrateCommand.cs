using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary><c>threatlens migrate</c>: applies migrations.</summary>
internal static class MigrateCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var to = new Option<string>("--to")
        {
            Description = "Version to migrate to, such as 003 or 003_optimize_realtime_indexes. [default: the latest]",
            HelpName = "VERSION",
            DefaultValueFactory = _ => string.Empty,
        };
        var order = new Option<MigrationOrder>("--order")
        {
            Description = "Whether a pending version below an applied one is refused (strict) or applied (allow). [default: strict]",
            HelpName = "ORDER",
            CustomParser = Names.Parser<MigrationOrder>(),
        };
        var plan = new PlanOptions();
        var wait = new WaitOptions();
        var command = new Command("migrate", "Applies pending migrations, in order, each in one transaction.") { to, order };
        plan.AddTo(command);
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new MigrateRequest
            {
                TargetVersion = parsed.GetValue(to) ?? string.Empty,
                Order = parsed.GetValue(order),
                ValidateOnly = plan.IsPlan(parsed),
                Rehearse = plan.Rehearses(parsed),
                Etag = plan.Etag(parsed),
                Allow = { plan.Allowed(parsed) },
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> RunAsync(
        Session session, MigrateRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            // Counting and rehearsing may take long on a large database: no deadline.
            var planned = await session.Client.MigrateAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => PlanView.Of(planned.Plan, Again(request)));
            return PlanOptions.CodeOf(planned.Plan);
        }

        var started = await session.Client.MigrateAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new MigrateResponse { Operation = operation, Result = operation.Migrate }, cancellationToken);
    }

    /// <summary>The command line that asks for the same, without what is about planning.</summary>
    private static string Again(MigrateRequest request) => "migrate"
        + (request.TargetVersion.Length > 0 ? $" --to {request.TargetVersion}" : "")
        + (request.Order == MigrationOrder.Allow ? " --order allow" : "")
        + string.Concat(request.Allow.Select(rule => $" --allow {rule}"));
}
