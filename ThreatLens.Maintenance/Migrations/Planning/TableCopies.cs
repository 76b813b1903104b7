namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Finds the statements of a script that copy a whole table into its successor.</summary>
internal static class TableCopies
{
    /// <summary>The table that each copying statement copies, by the statement's number.</summary>
    /// <param name="start">The tables before the script.</param>
    /// <param name="effects">What its statements did.</param>
    /// <param name="end">The tables after it.</param>
    public static IReadOnlyDictionary<int, TableState> Find(
        IReadOnlyDictionary<string, TableState> start, IReadOnlyList<StatementEffect> effects, IReadOnlyDictionary<string, TableState> end)
    {
        var copies = new Dictionary<int, TableState>();
        foreach (var old in start.Values)
        {
            // The successor of a table is another one that has its name in the end.
            if (!end.TryGetValue(old.Name, out var successor) || successor.Id == old.Id)
                continue;
            foreach (var effect in effects.Where(e => e.Error is null && e.After?.Id == successor.Id && e.Statement.Shape.Query is not null && e.Statement.Shape.ValuesRows is null))
                copies.TryAdd(effect.Statement.Number, old);
        }

        foreach (var effect in effects.Where(e => e is { Error: null, Rebuilds: true, Before: not null }))
            copies.TryAdd(effect.Statement.Number, effect.Before!);
        return copies;
    }
}
