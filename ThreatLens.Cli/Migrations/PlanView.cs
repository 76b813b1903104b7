using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary>Plans of migrate and rollback, for people.</summary>
internal static class PlanView
{
    private const int Losses = 20;

    /// <param name="plan">The plan.</param>
    /// <param name="command">The command that runs it, without what follows from the plan.</param>
    public static IRenderable Of(MigrationPlan plan, string command)
    {
        if (plan.Steps.Count == 0)
            return new Rows(new Text($"There is nothing to do: the schema is at {Version(plan.FromVersion)}."), new Text($"Etag: {plan.Etag}", Styles.Faint));

        var parts = new List<IRenderable>
        {
            new Text($"Would run {Words.Count(plan.Steps.Count, "migration", "migrations")}: from {Version(plan.FromVersion)} to {Version(plan.ToVersion)}."),
        };
        foreach (var step in plan.Steps)
            parts.Add(Of(step));
        parts.AddRange(plan.Hooks.Select(Of));
        parts.Add(Needs(plan));
        parts.AddRange(plan.Findings.Select(Of));
        if (plan.Rehearsal is { } rehearsal)
            parts.Add(Of(rehearsal));
        parts.Add(new Text($"Run exactly this: threatlens {command} --etag {plan.Etag}{Confirmed(plan, command)}"));
        return new Rows(parts);
    }

    private static Rows Of(MigrationStep step)
    {
        var what = step.Adopted ? "adopted: what is missing is created, the checksum filled" : step.Down ? "down" : "up";
        var heading = new Text($"{Safe.Text(step.Version)} ({what})", Styles.Header);
        return step.Statements.Count == 0
            ? new Rows(heading, new Text("  nothing is missing", Styles.Faint))
            : new Rows(heading, Table(step.Statements));
    }

    private static Rows Of(PlannedHook hook)
    {
        var when = hook.Script.Contains("Each", StringComparison.Ordinal) ? "with each migration, its rows in all" : "once";
        return new Rows(new Text($"{Safe.Text(hook.Script)} (hook, {when})", Styles.Header), Table(hook.Statements));
    }

    private static Table Table(IEnumerable<PlannedStatement> statements)
    {
        var table = Screen.NewTable("Line", "Rows", "Statement");
        table.Columns[0].RightAligned().NoWrap();
        table.Columns[1].RightAligned().NoWrap();
        foreach (var statement in statements)
            table.AddRow(
                new Text(statement.Line > 0 ? Words.Number(statement.Line) : string.Empty, Styles.Faint),
                new Text(statement.HasRows ? Words.Number(statement.Rows) : "?"),
                new Text(Marked(statement), statement.Skipped ? Styles.Faint : statement.RebuildsTable ? Styles.Attention : Styles.Plain));
        return table;
    }

    private static string Marked(PlannedStatement statement)
    {
        var sql = Safe.Text(string.Join(' ', statement.Sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        return (statement.Skipped ? "(left out) " : statement.RebuildsTable ? "(copies the table) " : string.Empty) + sql;
    }

    private static IRenderable Needs(MigrationPlan plan) => new Facts()
        .Add("Order", Names.Of(plan.Order))
        .Add("Backup first", plan.BackupBytes > 0 ? $"at most {Words.Bytes(plan.BackupBytes)}" : "none")
        .Add(
            "Free space", $"about {Words.Bytes(plan.RequiredFreeBytes)} needed, {Words.Bytes(plan.AvailableFreeBytes)} there",
            plan.RequiredFreeBytes > plan.AvailableFreeBytes ? Styles.Bad : Styles.Plain)
        .Add("Would be lost", Lost(plan.ValuesLost, plan.MayLoseMore, Described(plan.Losses)), plan.ValuesLost > 0 || plan.MayLoseMore ? Styles.Attention : Styles.Plain)
        .Build();

    private static Text Of(LintFinding finding) => new(
        $"{(finding.Error ? "refused" : "note")}: {Safe.Text(finding.Script)}, statement {finding.Statement} (line {finding.Line}): {finding.Rule}: {Safe.Text(finding.Message)}",
        finding.Error ? Styles.Bad : Styles.Attention);

    private static Rows Of(Rehearsal rehearsal)
    {
        var facts = new Facts()
            .Add("Up", Words.Of(rehearsal.UpDuration))
            .Add("Down", Words.Of(rehearsal.DownDuration))
            .Add("Longest write lock", Words.Of(rehearsal.LongestWriteLock))
            .Add("Write-ahead log", $"at most {Words.Bytes(rehearsal.PeakWalBytes)}")
            .Add("A rollback loses", Lost(rehearsal.ValuesLost, false, rehearsal.Losses))
            .Add("Not undone", rehearsal.NotUndone, Styles.Attention);
        var heading = rehearsal.Passed
            ? new Text("The rehearsal passed:", Styles.Good)
            : new Text($"The rehearsal did not pass ({rehearsal.Failure.Phase}): {rehearsal.Failure.Reason}: {Safe.Text(rehearsal.Failure.Message)}", Styles.Bad);
        return new Rows(heading, facts.Build());
    }

    private static string Lost(long values, bool mayBeMore, IReadOnlyCollection<string> losses) =>
        values == 0 && !mayBeMore ? "nothing"
        : $"{Words.Count(values, "value", "values")}{(mayBeMore ? ", and perhaps more than can be told without running it" : "")}"
            + (losses.Count == 0 ? "" : $" ({string.Join("; ", losses.Take(Losses))}{(losses.Count > Losses ? "; …" : "")})");

    private static List<string> Described(IEnumerable<ValueLoss> losses) =>
        [.. losses.Select(loss => $"{loss.Table}.{loss.Column}: {Words.Number(loss.Values)}")];

    private static string Confirmed(MigrationPlan plan, string command) =>
        command.StartsWith("rollback", StringComparison.Ordinal) && plan.ValuesLost > 0 ? $" --max-values-lost {plan.ValuesLost}" : "";

    private static string Version(string version) => version.Length > 0 ? Safe.Text(version) : "nothing";
}
