using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary><c>threatlens rollback</c>: undoes migrations.</summary>
internal static class RollbackCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var version = new Option<string?>("--version")
        {
            Description = "Undoes exactly this version; refused while applied versions stand on it.",
            HelpName = "VERSION",
        };
        var to = new Option<string?>("--to") { Description = "Undoes everything above this version, which stays.", HelpName = "VERSION" };
        var steps = new Option<int?>("--steps")
        {
            Description = "Undoes that many versions, newest first; at least 1.",
            HelpName = "N",
            CustomParser = NumberParser.AtLeast("--steps", 1),
        };
        var cascade = new Option<bool>("--cascade") { Description = "With --version: also undoes the applied versions that stand on it." };
        var maxValuesLost = new Option<long?>("--max-values-lost")
        {
            Description = "Most values (non-null cells) that may be lost; without it none may, and the refusal tells how many it would be.",
            HelpName = "N",
            CustomParser = NumberParser.AtLeast("--max-values-lost", 0L),
        };
        var plan = new PlanOptions();
        var wait = new WaitOptions();
        var command = new Command("rollback", "Undoes migrations, newest first, each in one transaction. [default: the newest one]")
        {
            version, to, steps, cascade, maxValuesLost,
        };
        command.Validators.Add(result =>
        {
            if (new Option[] { version, to, steps }.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
                result.AddError("--version, --to and --steps exclude each other.");
        });
        plan.AddTo(command);
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) =>
        {
            var request = new RollbackRequest
            {
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
                Cascade = parsed.GetValue(cascade),
                ValidateOnly = plan.IsPlan(parsed),
                Rehearse = plan.Rehearses(parsed),
                Etag = plan.Etag(parsed),
                Allow = { plan.Allowed(parsed) },
            };
            if (parsed.GetValue(maxValuesLost) is { } bound)
                request.MaxValuesLost = bound;
            if (parsed.GetValue(version) is { } exactly)
                request.Version = exactly;
            else if (parsed.GetValue(to) is { } target)
                request.ToVersion = target;
            else if (parsed.GetValue(steps) is { } count)
                request.Steps = count;
            return RunAsync(session, request, wait.WaitTimeout(parsed), cancellationToken);
        }));
        return command;
    }

    private static async Task<ExitCode> RunAsync(
        Session session, RollbackRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            // Counting and rehearsing may take long on a large database: no deadline.
            var planned = await session.Client.RollbackAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => PlanView.Of(planned.Plan, Again(request)));
            return PlanOptions.CodeOf(planned.Plan);
        }

        var started = await session.Client.RollbackAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new RollbackResponse { Operation = operation, Result = operation.Rollback }, cancellationToken);
    }

    /// <summary>The command line that asks for the same, without what is about planning.</summary>
    private static string Again(RollbackRequest request) => "rollback"
        + request.TargetCase switch
        {
            RollbackRequest.TargetOneofCase.Version => $" --version {request.Version}",
            RollbackRequest.TargetOneofCase.ToVersion => $" --to {request.ToVersion}",
            RollbackRequest.TargetOneofCase.Steps => FormattableString.Invariant($" --steps {request.Steps}"),
            _ => "",
        }
        + (request.Cascade ? " --cascade" : "")
        + string.Concat(request.Allow.Select(rule => $" --allow {rule}"));
}
