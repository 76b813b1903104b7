using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary>Operations for people.</summary>
internal static class OperationView
{
    /// <summary>A terminal narrower than this would break the last columns into shreds.</summary>
    private const int TableWidth = 150;

    /// <summary>Several operations, one a row; on narrow terminals two lines each.</summary>
    public static IRenderable Table(IEnumerable<Operation> operations) =>
        Screen.Width < TableWidth ? new Rows(operations.Select(InTwoLines)) : InRows(operations);

    private static IRenderable InTwoLines(Operation operation) => new Paragraph()
        .Append($"{operation.Id}  {Words.Of(operation.CreateTime)}  {Names.Of(operation.Kind)} ")
        .Append(Names.Of(operation.State), Styles.Of(operation.State))
        .Append($"  {Words.Of(operation.Duration)}\n", Styles.Faint)
        .Append($"  {Safe.Text(operation.Caller?.Name ?? string.Empty)}: {Safe.Text(InShort(operation))}", Styles.Faint);

    private static Table InRows(IEnumerable<Operation> operations)
    {
        var table = Screen.NewTable("Operation", "Kind", "State", "Created (UTC)", "Took", "By", "What");
        foreach (var column in table.Columns.Take(5))
            column.NoWrap();
        foreach (var operation in operations)
            table.AddRow(
                new Text(operation.Id),
                new Text(Names.Of(operation.Kind)),
                new Text(Names.Of(operation.State), Styles.Of(operation.State)),
                new Text(Words.Of(operation.CreateTime)),
                new Text(Words.Of(operation.Duration)),
                new Text(Safe.Text(operation.Caller?.Name ?? string.Empty)),
                new Text(Safe.Text(InShort(operation))));
        return table;
    }

    /// <summary>All of one operation.</summary>
    public static IRenderable Details(Operation operation)
    {
        var facts = new Facts()
            .Add("Operation", operation.Id)
            .Add("Kind", Names.Of(operation.Kind))
            .Add("State", Names.Of(operation.State), Styles.Of(operation.State))
            .Add("By", operation.Caller is { } caller ? $"{caller.Name} ({(caller.Verified ? "verified" : "not verified")})" : string.Empty)
            .Add("Request id", operation.RequestId)
            .Add("Created", Words.Of(operation.CreateTime))
            .Add("Started", Words.Of(operation.StartTime))
            .Add("Ended", Words.Of(operation.EndTime))
            .Add("Took", Words.Of(operation.Duration))
            .Add("Trace", operation.TraceId)
            .Add("Progress", ProgressText(operation.Progress));
        if (operation.Error is { } error)
        {
            facts.Add("Reason", error.Reason, Styles.Bad).Add("Error", error.Message, Styles.Bad);
            foreach (var (key, value) in error.Metadata)
                facts.Add("  " + key, value);
        }

        return ResultView.Of(operation) is { } result ? new Rows(facts.Build(), result) : facts.Build();
    }

    /// <summary>What a command that started an operation says at its end; of a failure all is said on standard error.</summary>
    public static IRenderable? Outcome(Operation operation) => ResultView.Of(operation) is { } result
        ? new Rows(result, new Text($"Operation {operation.Id}, {Words.Of(operation.Duration)}", Styles.Faint))
        : operation.Error is null ? Table([operation]) : null;

    /// <summary>One snapshot in one line.</summary>
    public static IRenderable Snapshot(Operation operation) => new Paragraph()
        .Append($"{Words.Of(operation.Progress?.UpdateTime ?? operation.CreateTime)}  ", Styles.Faint)
        .Append(Names.Of(operation.State), Styles.Of(operation.State))
        .Append("  " + Safe.Text(InShort(operation)) + Environment.NewLine);

    private static string InShort(Operation operation) => operation.Error is { } error
        ? $"{error.Reason}: {error.Message}"
        : ResultView.InShort(operation) ?? ProgressText(operation.Progress);

    private static string ProgressText(OperationProgress? progress)
    {
        if (progress is null)
            return string.Empty;
        var count = progress.Total > 0 ? $"{progress.Completed}/{progress.Total} {progress.Unit}" : string.Empty;
        var rest = progress.EstimatedRemaining is { } remaining ? $"about {Words.Of(remaining)} left" : string.Empty;
        return string.Join(", ", new[] { progress.Message.TrimEnd('.'), count, rest }.Where(part => part.Length > 0));
    }
}
