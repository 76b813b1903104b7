using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Operations;
using ThreatLens.Maintenance.V1;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace ThreatLens.Cli.Monitoring;

/// <summary><c>threatlens monitoring-config</c>: shows and changes what ingest services watch.</summary>
internal static class MonitoringConfigCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var command = new Command("monitoring-config", "Shows or changes what ingest services watch; they follow at once.")
        {
            Get(connection),
            Set(connection),
        };
        command.SetAction(connection.Action((session, _, cancellationToken) => GetAsync(session, cancellationToken)));
        return command;
    }

    private static Command Get(ConnectionOptions connection)
    {
        var command = new Command("get", "Shows it, with the etag that `set` takes.");
        command.SetAction(connection.Action((session, _, cancellationToken) => GetAsync(session, cancellationToken)));
        return command;
    }

    private static Command Set(ConnectionOptions connection)
    {
        var enabled = new Option<bool?>("--enabled") { Description = "Whether anything is watched at all.", HelpName = "true|false" };
        var interval = new Option<TimeSpan?>("--interval")
        {
            Description = "How often each source is measured, 100ms to 1h.",
            HelpName = "DURATION",
            CustomParser = DurationParser.Between(TimeSpan.FromSeconds(0.1), TimeSpan.FromHours(1)),
        };
        var paths = new Option<string[]>("--path")
        {
            Description = "Absolute path of a file to watch; given several times, all of them and no others.",
            HelpName = "PATH",
        };
        var noPaths = new Option<bool>("--no-paths") { Description = "Each ingest service watches the paths of its own configuration." };
        var etag = new Option<string?>("--etag")
        {
            Description = "Changes it only if nobody else did since that etag was shown. [default: since the command began]",
            HelpName = "ETAG",
        };
        var wait = new WaitOptions();
        var command = new Command("set", "Changes what is given and leaves the rest.") { enabled, interval, paths, noPaths, etag };
        wait.AddTo(command);
        command.Validators.Add(result =>
        {
            var given = new Option[] { enabled, interval, paths, noPaths }.Count(option => result.GetResult(option) is { Implicit: false });
            if (given == 0)
                result.AddError("Nothing to change: give --enabled, --interval, --path or --no-paths.");
            if (result.GetValue(noPaths) && result.GetValue(paths) is { Length: > 0 })
                result.AddError("--path and --no-paths exclude each other.");
        });
        command.SetAction(connection.Action((session, parsed, cancellationToken) => SetAsync(
            session,
            config =>
            {
                config.Enabled = parsed.GetValue(enabled) ?? config.Enabled;
                if (parsed.GetValue(interval) is { } time)
                    config.Interval = Duration.FromTimeSpan(time);
                if (parsed.GetValue(noPaths))
                    config.Paths.Clear();
                if (parsed.GetValue(paths) is { Length: > 0 } files)
                {
                    config.Paths.Clear();
                    config.Paths.Add(files);
                }
            },
            new UpdateMonitoringConfigRequest
            {
                Etag = parsed.GetValue(etag) ?? string.Empty,
                RequestId = wait.RequestId(parsed),
                WaitTimeout = WaitOptions.AtOnce,
            },
            wait.WaitTimeout(parsed),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> GetAsync(Session session, CancellationToken cancellationToken)
    {
        var response = await session.Client.GetMonitoringConfigAsync(
            new GetMonitoringConfigRequest(), session.Soon(cancellationToken));
        session.Screen.Show(response, () => MonitoringConfigView.Of(response.Config, response.Etag));
        return ExitCode.Done;
    }

    private static async Task<ExitCode> SetAsync(
        Session session,
        Action<MonitoringConfig> change,
        UpdateMonitoringConfigRequest request,
        TimeSpan? waitTimeout,
        CancellationToken cancellationToken)
    {
        var current = await session.Client.GetMonitoringConfigAsync(
            new GetMonitoringConfigRequest(), session.Soon(cancellationToken));
        request.Config = current.Config;
        change(request.Config);

        // What was left as it is was read a moment ago; somebody's change in between must not be undone.
        if (request.Etag.Length == 0)
            request.Etag = current.Etag;

        var started = await session.Client.UpdateMonitoringConfigAsync(request, session.Soon(cancellationToken));
        return await new OperationWait(session).FinishAsync(
            started.Operation, waitTimeout, operation => new UpdateMonitoringConfigResponse { Operation = operation, Result = operation.UpdateMonitoringConfig }, cancellationToken);
    }
}
