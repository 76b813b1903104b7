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
        var steps = new Option<int?>("--steps") { Description = "Undoes that many versions, newest first; at least 1.", HelpName = "N" };
        steps.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < 1)
                result.AddError("--steps takes a number of at least 1.");
        });
        var cascade = new Option<bool>("--cascade") { Description = "With --version: also undoes the applied versions that stand on it." };
        var wait = new WaitOptions();
        var command = new Command("rollback", "Undoes migrations, newest first, each in one transaction. [default: the newest one]")
        {
            version, to, steps, cascade,
        };
        command.Validators.Add(result =>
        {
            if (new Option[] { version, to, steps }.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
                result.AddError("--version, --to and --steps exclude each other.");
        });
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) =>
        {
            var request = new RollbackRequest { RequestId = wait.RequestId(parsed), WaitTimeout = WaitOptions.AtOnce, Cascade = parsed.GetValue(cascade) };
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
        var started = await session.Client.RollbackAsync(request, session.Soon(cancellationToken));
        var ended = await new OperationWait(session).FollowAsync(started.Operation, waitTimeout, cancellationToken);

        var response = new RollbackResponse { Operation = ended.Operation, Result = ended.Operation.Rollback };
        session.Screen.Show(response, () => OperationView.Outcome(response.Operation));
        return ended.Report(session.Screen);
    }
}
