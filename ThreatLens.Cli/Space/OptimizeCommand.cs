using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Space;

/// <summary><c>threatlens optimize</c>: gives space back and refreshes statistics.</summary>
internal static class OptimizeCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var plan = new Option<bool>("--plan") { Description = "Only measures what it would bring and cost, with the etag that --etag takes." };
        var etag = new Option<string>("--etag")
        {
            Description = "Runs only if the plan with this etag still holds.",
            HelpName = "ETAG",
            DefaultValueFactory = _ => string.Empty,
        };
        var full = new Option<bool>("--full-vacuum") { Description = "Rewrite the whole file: needs twice its used size free, and writers wait until it ends." };
        var incremental = new Option<bool>("--enable-incremental-vacuum")
        {
            Description = "Switch the file to auto_vacuum=INCREMENTAL, so that space can be given back in slices; one rewrite where it is NONE.",
        };
        var wait = new WaitOptions();
        var command = new Command("optimize", "Gives free pages back in slices beside ingest, and refreshes the query planner's statistics.") { plan, etag, full, incremental };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new OptimizeRequest
            {
                ValidateOnly = parsed.GetValue(plan),
                Etag = parsed.GetValue(etag) ?? string.Empty,
                FullVacuum = parsed.GetValue(full),
                EnableIncrementalVacuum = parsed.GetValue(incremental),
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> RunAsync(Session session, OptimizeRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.OptimizeAsync(request, session.Soon(cancellationToken));
        if (started.Plan is { } plan)
        {
            session.Screen.Show(started, () => SpaceView.Of(plan));
            return ExitCode.Done;
        }

        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new OptimizeResponse { Operation = operation, Result = operation.Optimize }, cancellationToken);
    }
}
