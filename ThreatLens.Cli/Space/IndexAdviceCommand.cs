using System.CommandLine;
using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Space;

/// <summary><c>threatlens index-advice</c>: which indexes are unused, redundant or missing.</summary>
internal static class IndexAdviceCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var refresh = new Option<bool>("--refresh") { Description = "Measure anew instead of showing what was measured last." };
        var command = new Command("index-advice", "Tells which indexes are unused, redundant or missing, measured on a copy; changes nothing.") { refresh };
        command.SetAction(connection.Action(async (session, parsed, cancellationToken) =>
        {
            // Making the copy may take long on a large database: no deadline.
            var response = await session.Client.GetIndexAdviceAsync(new GetIndexAdviceRequest { Refresh = parsed.GetValue(refresh) }, cancellationToken: cancellationToken);
            session.Screen.Show(response, () => View(response));
            return ExitCode.Done;
        }));
        return command;
    }

    private static IRenderable View(GetIndexAdviceResponse response) => response.Advice.Count == 0
        ? new Text("Nothing to advise.", Styles.Good)
        : new Rows(response.Advice.Select(Of));

    private static IRenderable Of(IndexAdvice advice) => new Rows(
        new Text($"{Names.Of(advice.Kind)}: {Safe.Text(advice.Index)} on {Safe.Text(advice.Table)}", Styles.Header),
        new Facts()
            .Add("  Why", advice.Reason)
            .Add("  Size", Words.Bytes(advice.IndexBytes))
            .Add("  Costs inserts", FormattableString.Invariant($"{advice.IngestCost * 100:0.#} % of their time"))
            .Add("  Query", advice.Query)
            .Add("  Plan now", advice.PlanBefore)
            .Add("  Plan then", advice.PlanAfter)
            .Add("  Time", advice.Query.Length > 0 ? $"{Words.Of(advice.DurationBefore)}, then {Words.Of(advice.DurationAfter)}" : string.Empty)
            .Add("  Migration", advice.MigrationSql.TrimEnd())
            .Build());
}
