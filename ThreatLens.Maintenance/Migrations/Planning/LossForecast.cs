namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// Counts the values (non-null cells) that a script loses: those of tables and columns that are gone in the end, those of rows that are
/// deleted or not copied, and those that UPDATE replaces. One pass over each table concerned.
/// </summary>
internal sealed class LossForecast(RowForecast rows)
{
    private readonly List<ValueLoss> _losses = [];
    private bool _mayBeMore;

    /// <summary>Counts.</summary>
    /// <param name="start">The tables before the script.</param>
    /// <param name="end">The tables after it.</param>
    /// <param name="effects">What its statements did.</param>
    public (IReadOnlyList<ValueLoss> Losses, bool MayBeMore) Count(
        IReadOnlyDictionary<string, TableState> start, IReadOnlyDictionary<string, TableState> end, IReadOnlyList<StatementEffect> effects)
    {
        var byId = end.Values.ToDictionary(t => t.Id);
        foreach (var before in start.Values.OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase))
        {
            if ((byId.GetValueOrDefault(before.Id) ?? end.GetValueOrDefault(before.Name)) is { } after)
                CountIn(before, after, effects);
            else
                Add(before, Stored(before), rows.RowsOf(before));
        }

        return (_losses, _mayBeMore);
    }

    private void CountIn(TableState before, TableState after, IReadOnlyList<StatementEffect> effects)
    {
        var isSuccessor = after.Id != before.Id;
        var kept = new List<(ColumnState Before, ColumnState After)>();
        var gone = new List<ColumnState>();
        foreach (var column in Stored(before))
        {
            if ((after.Columns.FirstOrDefault(c => c.Id == column.Id) ?? (isSuccessor ? after.Column(column.Name) : null)) is { } same)
                kept.Add((column, same));
            else
                gone.Add(column);
        }

        Add(before, gone, 0);
        if (isSuccessor || after.MayLackRows)
            CountLostRows(before, after, kept);
        CountOverwritten(before, effects, kept);
    }

    private void CountLostRows(TableState before, TableState after, List<(ColumnState Before, ColumnState After)> kept)
    {
        var (had, has) = (rows.RowsOf(before), rows.RowsOf(after));
        var (hadValues, hasValues) = (rows.ValuesOf(before, [.. kept.Select(k => k.Before)]), rows.ValuesOf(after, [.. kept.Select(k => k.After)]));
        if (had is null || has is null || hadValues is null || hasValues is null)
        {
            _mayBeMore |= had is not 0;
            return;
        }

        for (var i = 0; i < kept.Count; i++)
            AddLoss(before, kept[i].Before, hadValues[i] - hasValues[i], Math.Max(0, had.Value - has.Value));
    }

    private void CountOverwritten(TableState before, IReadOnlyList<StatementEffect> effects, List<(ColumnState Before, ColumnState After)> kept)
    {
        foreach (var (column, values) in effects.Where(e => e.Before?.Id == before.Id).SelectMany(e => e.Overwritten).Where(o => kept.Exists(k => k.Before.Id == o.Column.Id)))
        {
            _mayBeMore |= values is null;
            AddLoss(before, column, values ?? 0, 0);
        }
    }

    private void Add(TableState table, IReadOnlyList<ColumnState> columns, long? lostRows)
    {
        if (rows.ValuesOf(table, columns) is not { } values)
        {
            _mayBeMore = true;
            return;
        }

        for (var i = 0; i < columns.Count; i++)
            AddLoss(table, columns[i], values[i], lostRows ?? 0);
    }

    private void AddLoss(TableState table, ColumnState column, long values, long lostRows)
    {
        if (values > 0)
            _losses.Add(new ValueLoss(table.Name, column.Name, values, lostRows));
    }

    private static List<ColumnState> Stored(TableState table) => [.. table.Columns.Where(c => !c.IsGenerated)];
}
