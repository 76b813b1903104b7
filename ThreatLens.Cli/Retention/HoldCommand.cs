using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Retention;

/// <summary><c>threatlens hold</c>: lists, creates and releases holds.</summary>
internal static class HoldCommand
{
    public static Command Create(ConnectionOptions connection) => new("hold", "Pins data against deletion by cleanups: a range of time, a source, an event.")
    {
        List(connection), CreateHold(connection), Release(connection),
    };

    private static Command List(ConnectionOptions connection)
    {
        var expired = new Option<bool>("--expired") { Description = "Also those that have expired." };
        var command = new Command("list", "Lists the holds, newest first.") { expired };
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ListAsync(session, parsed.GetValue(expired), cancellationToken)));
        return command;
    }

    private static Command CreateHold(ConnectionOptions connection)
    {
        var target = new HoldTargetOptions();
        var reason = new Option<string>("--reason") { Description = "Why, in 1 to 1000 characters.", HelpName = "TEXT", Required = true };
        var until = TimeOption("--until", "Until when; left out: until it is released.");
        var plan = new Option<bool>("--plan") { Description = "Only tells how many rows it would pin." };
        var wait = new WaitOptions();
        var command = new Command("create", "Pins a range of time (--from, --to), a source or an event, with all that belongs to it.") { reason, until, plan };
        target.AddTo(command);
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => CreateAsync(
            session,
            new CreateHoldRequest
            {
                Hold = new Hold { Target = target.Read(parsed), Reason = parsed.GetRequiredValue(reason), ExpireTime = parsed.GetValue(until)?.ToTimestamp() },
                ValidateOnly = parsed.GetValue(plan),
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed), cancellationToken)));
        return command;
    }

    private static Command Release(ConnectionOptions connection)
    {
        var id = new Argument<string>("id") { Description = "The hold's id, as `threatlens hold list` shows it." };
        var plan = new Option<bool>("--plan") { Description = "Only tells how many rows nothing would pin any more." };
        var wait = new WaitOptions();
        var command = new Command("release", "Releases a hold.") { id, plan };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ReleaseAsync(
            session,
            new ReleaseHoldRequest { HoldId = parsed.GetRequiredValue(id), ValidateOnly = parsed.GetValue(plan), RequestId = wait.RequestId(parsed), WaitTimeout = WaitOptions.AtOnce },
            wait.WaitTimeout(parsed), cancellationToken)));
        return command;
    }

    internal static Option<DateTimeOffset?> TimeOption(string name, string description) => new(name) { Description = description, HelpName = "TIME", CustomParser = TimeParser.Parse };

    private static Task<ExitCode> ListAsync(Session session, bool includeExpired, CancellationToken cancellationToken) => Pages.ShowAllAsync(
        session,
        token => session.Client.ListHoldsAsync(new ListHoldsRequest { PageSize = Pages.Largest, PageToken = token, IncludeExpired = includeExpired }, session.Soon(cancellationToken)).ResponseAsync,
        page => page.Holds,
        all => HoldView.Table(all.Holds));

    private static async Task<ExitCode> CreateAsync(Session session, CreateHoldRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            var planned = await session.Client.CreateHoldAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => HoldView.Of(planned.Plan));
            return ExitCode.Done;
        }

        var started = await session.Client.CreateHoldAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new CreateHoldResponse { Operation = operation, Result = operation.CreateHold }, cancellationToken);
    }

    private static async Task<ExitCode> ReleaseAsync(Session session, ReleaseHoldRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            var planned = await session.Client.ReleaseHoldAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => HoldView.Of(planned.Plan));
            return ExitCode.Done;
        }

        var started = await session.Client.ReleaseHoldAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new ReleaseHoldResponse { Operation = operation, Result = operation.ReleaseHold }, cancellationToken);
    }
}
