using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;
using CallStatus = Grpc.Core.Status;

namespace ThreatLens.Cli.Health;

/// <summary><c>threatlens health-report</c>: how the database and its ingest are, once or continuously.</summary>
internal static class HealthReportCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Goes on with a report each interval until Ctrl+C." };
        var interval = new Option<TimeSpan?>("--interval")
        {
            Description = "Time between reports with --watch, 1s to 1h. [default: 5s]",
            HelpName = "DURATION",
            CustomParser = DurationParser.Between(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        };
        var onChange = new Option<bool>("--on-change") { Description = "With --watch: shows a report only when a status or the findings changed." };
        var sections = new Option<HealthSectionKind[]>("--sections")
        {
            Description = $"Only these: {string.Join(", ", Names.All<HealthSectionKind>())}. [default: all]",
            HelpName = "NAMES",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = Names.ListParser<HealthSectionKind>(),
        };
        var command = new Command(
            "health-report",
            "Shows how the database and its ingest are. Exit code 0 only when all is OK; 3 for WARNING, CRITICAL and UNKNOWN (with --watch: "
            + "of the last report).")
        {
            watch, interval, onChange, sections,
        };
        command.SetAction(connection.Action((session, parsed, cancellationToken) =>
        {
            var request = new HealthReportRequest
            {
                Interval = Duration.FromTimeSpan(parsed.GetValue(interval) ?? TimeSpan.FromSeconds(5)),
            };
            request.OnChangeOnly = parsed.GetValue(watch) && parsed.GetValue(onChange);
            request.Sections.Add(parsed.GetValue(sections) ?? []);
            return parsed.GetValue(watch)
                ? WatchAsync(session, request, cancellationToken)
                : OnceAsync(session, request, cancellationToken);
        }));
        return command;
    }

    private static async Task<ExitCode> OnceAsync(Session session, HealthReportRequest request, CancellationToken cancellationToken)
    {
        using var call = session.Client.HealthReport(request, session.Soon(cancellationToken));
        await foreach (var report in Session.ReadAsync(call, cancellationToken))
        {
            // Only a sign that the report takes longer than a moment.
            if (report.Heartbeat)
                continue;
            session.Screen.Show(report, () => HealthReportView.Of(report));
            return Verdict(report);
        }

        throw Ended();
    }

    private static async Task<ExitCode> WatchAsync(Session session, HealthReportRequest request, CancellationToken cancellationToken)
    {
        HealthReportResponse? last = null;
        try
        {
            using var call = session.Client.HealthReport(request, cancellationToken: cancellationToken);
            await foreach (var report in Session.ReadAsync(call, cancellationToken))
            {
                if (report.Heartbeat)
                    continue;
                last = report;
                if (session.Screen.IsLive)
                    session.Screen.ShowAnew(HealthReportView.Of(report));
                else
                    session.Screen.Show(report, () => HealthReportView.Of(report));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && last is not null)
        {
            return Verdict(last);
        }

        throw Ended();
    }

    private static RpcException Ended() => new(new CallStatus(StatusCode.Unavailable, "the service ended the stream of reports"));

    private static ExitCode Verdict(HealthReportResponse report) =>
        report.Overall == HealthStatus.Ok ? ExitCode.Done : ExitCode.No;
}
