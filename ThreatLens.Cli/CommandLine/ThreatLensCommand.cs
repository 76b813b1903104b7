using System.CommandLine;
using System.CommandLine.Invocation;
using ThreatLens.Cli.Backups;
using ThreatLens.Cli.Health;
using ThreatLens.Cli.Migrations;
using ThreatLens.Cli.Monitoring;
using ThreatLens.Cli.Operations;
using ThreatLens.Cli.Retention;
using ThreatLens.Cli.Schedules;
using ThreatLens.Cli.Space;
using ThreatLens.Cli.Statistics;
using ThreatLens.Cli.Status;

namespace ThreatLens.Cli.CommandLine;

/// <summary>The whole command line.</summary>
internal static class ThreatLensCommand
{
    private const string Description = """
        Takes care of the ThreatLens database through its maintenance service.

        Exit codes: 0 done; 1 failed; 2 wrong usage; 3 the answer is "no" (migrations pending, health not OK, operation not ended);
        4 service unreachable, or the call refused.
        """;

    /// <summary>Runs one command line.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        // A name that begins with @ is a name, and names no file with further arguments.
        var parsed = Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
            return ReportWrongUsage(parsed);

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            // A wait that Ctrl+C interrupts still has to say which operation goes on.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(5),
            EnableDefaultExceptionHandler = false,
        });
    }

    private static RootCommand Create()
    {
        var connection = new ConnectionOptions();
        var root = new RootCommand(Description)
        {
            StatusCommand.Create(connection),
            MigrateCommand.Create(connection),
            RollbackCommand.Create(connection),
            ValidateCommand.Create(connection),
            RepairCommand.Create(connection),
            BackupCommand.Create(connection),
            BackupsCommand.Create(connection),
            RestoreCommand.Create(connection),
            RestoreDrillCommand.Create(connection),
            CleanupCommand.Create(connection),
            HoldCommand.Create(connection),
            OptimizeCommand.Create(connection),
            SizeInfoCommand.Create(connection),
            IndexAdviceCommand.Create(connection),
            HealthReportCommand.Create(connection),
            RealtimeStatsCommand.Create(connection),
            NotificationMetricsCommand.Create(connection),
            ProcessingMetricsCommand.Create(connection),
            SchedulesCommand.Create(connection),
            ScheduleCommand.Create(connection),
            OperationsCommand.Create(connection),
            MonitoringConfigCommand.Create(connection),
            LogSourcesCommand.Create(connection),
            LogSourceCommand.Create(connection),
        };
        connection.AddTo(root);
        return root;
    }

    private static int ReportWrongUsage(ParseResult parsed)
    {
        // An unknown word is also a missing command; the word is what helps.
        var unknown = parsed.UnmatchedTokens.Count > 0;
        foreach (var error in parsed.Errors.Where(error => !unknown || error.Message.Contains(parsed.UnmatchedTokens[0], StringComparison.Ordinal)))
            Console.Error.WriteLine($"error: {error.Message}");

        var path = parsed.CommandResult.Command is RootCommand ? "threatlens" : $"threatlens {Path(parsed.CommandResult)}";
        Console.Error.WriteLine($"See: {path} --help");
        return (int)ExitCode.WrongUsage;
    }

    private static string Path(System.CommandLine.Parsing.CommandResult command) =>
        command.Parent is System.CommandLine.Parsing.CommandResult { Command: not RootCommand } parent
            ? $"{Path(parent)} {command.Command.Name}"
            : command.Command.Name;
}
