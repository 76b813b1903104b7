using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Schedules;

/// <summary><c>threatlens schedule</c>: runs, pauses and resumes what runs by itself.</summary>
internal static class ScheduleCommand
{
    public static Command Create(ConnectionOptions connection) => new("schedule", "Runs a schedule's job now, pauses or resumes a schedule.")
    {
        Run(connection), Pause(connection), Resume(connection),
    };

    private static Command Run(ConnectionOptions connection)
    {
        var name = NameArgument();
        var wait = new WaitOptions();
        var command = new Command("run", "Runs a schedule's job now, also when it is paused, switched off or outside of its window. Exit code 3 when an integrity check finds problems.") { name };
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new RunScheduleRequest { Name = parsed.GetRequiredValue(name), RequestId = wait.RequestId(parsed), WaitTimeout = WaitOptions.AtOnce },
            wait.WaitTimeout(parsed), cancellationToken)));
        return command;
    }

    private static Command Pause(ConnectionOptions connection)
    {
        var name = NameArgument();
        var until = new Option<DateTimeOffset?>("--until") { Description = "Until when; left out: until it is resumed.", HelpName = "TIME", CustomParser = TimeParser.Parse };
        var why = new Option<string>("--why") { Description = "Why, in at most 1000 characters.", HelpName = "TEXT", DefaultValueFactory = _ => string.Empty };
        return Change("pause", "Pauses a schedule, also across restarts. What is due meanwhile is neither run nor made up for; what runs goes on.", connection, name, [until, why], parsed =>
            new PauseScheduleRequest
            {
                Name = parsed.GetRequiredValue(name),
                Paused = true,
                PauseUntil = parsed.GetValue(until)?.ToTimestamp(),
                Reason = parsed.GetValue(why) ?? string.Empty,
            });
    }

    private static Command Resume(ConnectionOptions connection)
    {
        var name = NameArgument();
        return Change("resume", "Resumes a paused schedule.", connection, name, [], parsed => new PauseScheduleRequest { Name = parsed.GetRequiredValue(name), Paused = false });
    }

    private static Command Change(
        string verb, string description, ConnectionOptions connection, Argument<string> name, System.CommandLine.Option[] options, Func<ParseResult, PauseScheduleRequest> read)
    {
        var plan = new Option<bool>("--plan") { Description = "Only tells how the schedule would stand." };
        var wait = new WaitOptions();
        var command = new Command(verb, description) { name, plan };
        foreach (var option in options)
            command.Options.Add(option);
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) =>
        {
            var request = read(parsed);
            (request.ValidateOnly, request.RequestId, request.WaitTimeout) = (parsed.GetValue(plan), wait.RequestId(parsed), WaitOptions.AtOnce);
            return PauseAsync(session, request, wait.WaitTimeout(parsed), cancellationToken);
        }));
        return command;
    }

    private static Argument<string> NameArgument() => new("name") { Description = "The schedule's name, as `threatlens schedules` shows it." };

    private static async Task<ExitCode> RunAsync(Session session, RunScheduleRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        var started = await session.Client.RunScheduleAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new RunScheduleResponse { Operation = operation }, cancellationToken, operation => operation.IntegrityCheck?.Problems.Count > 0);
    }

    private static async Task<ExitCode> PauseAsync(Session session, PauseScheduleRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            var planned = await session.Client.PauseScheduleAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => ScheduleView.Table([planned.Plan.Schedule]));
            return ExitCode.Done;
        }

        var started = await session.Client.PauseScheduleAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new PauseScheduleResponse { Operation = operation, Result = operation.PauseSchedule }, cancellationToken);
    }
}
