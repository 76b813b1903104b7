using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations.Linting;

/// <summary>The rules about data: what each statement of one script does to rows that were there before the script.</summary>
internal sealed class ScriptLook(
    IReadOnlyDictionary<string, TableState> start, IReadOnlyDictionary<string, TableState> end, IReadOnlyDictionary<int, TableState> copies, RowForecast rows, MigrationOptions options)
{
    private readonly Dictionary<int, TableState> _start = start.Values.ToDictionary(t => t.Id);
    private readonly HashSet<int> _end = [.. end.Values.Select(t => t.Id)];

    /// <summary>What there is to say about one statement.</summary>
    public IEnumerable<RuleBreach> At(StatementEffect effect)
    {
        if (effect.Error is not null)
            return [];
        var copied = copies.TryGetValue(effect.Statement.Number, out var table) ? Copied(table, effect.Rows) : [];
        // A table that the script itself made holds nothing that anybody could miss.
        return effect.Before is not { } before || !_start.TryGetValue(before.Id, out var known) ? copied : copied.Concat(effect.Statement.Action switch
        {
            StatementAction.DropTable => Dropped(before, known, effect.Rows),
            StatementAction.DropColumn => ColumnDropped(before, known, effect.Statement.Shape.Name).Concat(Rewritten(before, effect.Rows)),
            StatementAction.AddColumn => ColumnAdded(before, known, effect.After),
            StatementAction.Delete => Lost(LintRules.DeleteRows, known, effect.Rows, "rows", $"are deleted from {before.Name}"),
            _ => [],
        });
    }

    private IEnumerable<RuleBreach> Dropped(TableState before, TableState known, long? count)
    {
        // Dropped for good, or in exchange for a successor that has its rows.
        if (!end.TryGetValue(known.Name, out var successor) || _end.Contains(known.Id))
            return Lost(LintRules.DropTableWithData, known, count, "rows", $"go with the table {before.Name}");
        long? has = rows.RowsOf(successor);
        var fewer = Lost(LintRules.DeleteRows, known, count - has, "rows", $"of {before.Name} are not in the table that takes its place");
        return fewer.Concat(known.Columns.Where(c => !c.IsGenerated && successor.Column(c.Name) is null).SelectMany(c => ColumnDropped(before, known, c.Name)));
    }

    private IEnumerable<RuleBreach> ColumnDropped(TableState before, TableState known, string name) =>
        before.Column(name) is not { IsGenerated: false } column || known.Columns.All(c => c.Id != column.Id)
            ? []
            : Lost(LintRules.DropColumnWithData, known, rows.ValuesOf(before, [column])?[0], "values", $"go with the column {before.Name}.{column.Name}");

    private IEnumerable<RuleBreach> ColumnAdded(TableState before, TableState known, TableState? after)
    {
        var added = after?.Columns.FirstOrDefault(c => before.Column(c.Name) is null);
        if (added is { IsNotNull: true, IsGenerated: false } && (added.Default is null || added.Default.Equals("NULL", StringComparison.OrdinalIgnoreCase)))
            return Lost(LintRules.NotNullWithoutDefault, known, rows.RowsOf(before), "rows", $"of {before.Name} would need a value for {added.Name}, which must not be null and has no default");
        return [];
    }

    private IEnumerable<RuleBreach> Copied(TableState table, long? count)
    {
        if (count is { } known && known < options.LargeTableRows)
            yield break;
        yield return new RuleBreach(
            LintRules.RebuildOfLargeTable, $"{Number(count)} rows of {table.Name} are copied while nothing else can be written (Maintenance:Migrations:LargeTableRows is {options.LargeTableRows})")
        {
            IsError = count is not null,
        };
    }

    private IEnumerable<RuleBreach> Rewritten(TableState table, long? count)
    {
        if (count >= options.LargeTableRows)
            yield return new RuleBreach(LintRules.RebuildOfLargeTable, $"{Number(count)} rows of {table.Name} are rewritten while nothing else can be written") { IsError = false };
    }

    /// <summary>Nothing when there is nothing; what only an earlier migration of the plan decides is told, and looked at again when this one runs.</summary>
    private static IEnumerable<RuleBreach> Lost(string rule, TableState known, long? count, string what, string happens)
    {
        if (count <= 0)
            yield break;
        yield return new RuleBreach(rule, $"{Number(count)} {what} {happens}") { IsError = count is not null || known.Rows.Sql is not null };
    }

    private static string Number(long? count) => count is { } known ? FormattableString.Invariant($"{known}") : "an unknown number of";
}
