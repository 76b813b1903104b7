using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Retention;

/// <summary><c>threatlens cleanup</c>: deletes what is past its policy.</summary>
internal static class CleanupCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var plan = new Option<bool>("--plan") { Description = "Only tells what it would delete, with the etag that --etag takes; nothing is deleted." };
        var etag = Text("--etag", "ETAG", "Runs only if the plan with this etag still holds, by the moments of that plan.");
        var resume = Text("--resume", "OPERATION", "Goes on with a cleanup that was interrupted or cancelled, or has failed.");
        var emergency = new Option<bool>("--emergency") { Description = "For a nearly full disk: smallest transactions, oldest first, the write-ahead log emptied after each." };
        var acceptClock = new Option<bool>("--accept-clock") { Description = "The clock is right, although something on record is later than now; remembered, so that later cleanups go on." };
        var size = new Option<long>("--max-size")
        {
            Description = "Also deletes the oldest rows until the database uses no more than this, such as 2GiB or 500MiB; at least 1MiB.",
            HelpName = "SIZE",
            CustomParser = SizeParser.Parse,
            DefaultValueFactory = _ => 0,
        };
        var policies = new PolicyOptions();
        var wait = new WaitOptions();
        var command = new Command("cleanup", "Deletes what is past its policy, in small transactions beside ingest; holds are heeded.")
        {
            plan, etag, size, emergency, resume, acceptClock,
        };
        policies.AddTo(command);
        wait.AddTo(command);
        command.SetAction(connection.Action((session, parsed, cancellationToken) => RunAsync(
            session,
            new CleanupRequest
            {
                ValidateOnly = parsed.GetValue(plan),
                Etag = parsed.GetValue(etag) ?? string.Empty,
                Policies = { policies.Policies(parsed) },
                Tables = { policies.Tables(parsed) },
                MaxDatabaseBytes = parsed.GetValue(size),
                Emergency = parsed.GetValue(emergency),
                ResumeOperationId = parsed.GetValue(resume) ?? string.Empty,
                AcceptClock = parsed.GetValue(acceptClock),
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static Option<string> Text(string name, string help, string description) =>
        new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => string.Empty };

    private static async Task<ExitCode> RunAsync(Session session, CleanupRequest request, TimeSpan? waitTimeout, CancellationToken cancellationToken)
    {
        if (request.ValidateOnly)
        {
            // Counting may take long on a large database: no deadline.
            var planned = await session.Client.CleanupAsync(request, cancellationToken: cancellationToken);
            session.Screen.Show(planned, () => CleanupView.Of(planned.Plan));
            return ExitCode.Done;
        }

        var started = await session.Client.CleanupAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new CleanupResponse { Operation = operation, Result = operation.Cleanup }, cancellationToken);
    }
}
