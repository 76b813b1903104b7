using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>What becomes of the query for a table's rows when its columns change.</summary>
internal static class RowShapes
{
    /// <summary>The same rows with one column under another name.</summary>
    public static RowSource Renamed(TableState table, ColumnState column, string newName) => Select(
        table, table.Columns.Select(c => c == column ? $"{Remedy.Quote(c.Name)} AS {Remedy.Quote(newName)}" : Remedy.Quote(c.Name)), table.Rows.IsExact);

    /// <summary>The same rows with these columns: those that were there keep their values, new ones have their default.</summary>
    public static RowSource WithColumns(TableState table, IReadOnlyList<ColumnState> columns)
    {
        var added = columns.Where(c => table.Column(c.Name) is null).ToList();
        var isExact = table.Rows.IsExact && added.All(c => !c.IsGenerated && DefaultOf(c) is not null);
        return Select(table, columns.Select(c => table.Column(c.Name) is null ? $"{DefaultOf(c) ?? "1"} AS {Remedy.Quote(c.Name)}" : Remedy.Quote(c.Name)), isExact);
    }

    private static RowSource Select(TableState table, IEnumerable<string> columns, bool isExact) => table.Rows.Sql is { } rows
        ? RowSource.Derived($"SELECT {string.Join(", ", columns)} FROM ({rows})", isExact)
        : RowSource.Unknown;

    // With the affinity that the column will have, so that comparisons come out as they will; null when the value cannot be written so,
    // and then any value will do that is not NULL.
    private static string? DefaultOf(ColumnState column)
    {
        if (column.Default is not { } value || value.Equals("NULL", StringComparison.OrdinalIgnoreCase))
            return "NULL";
        var affinity = ColumnAffinities.Of(column.Type);
        var isText = value.StartsWith('\'');
        var isNumber = double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out _);
        return isText && affinity == ColumnAffinity.Text ? $"CAST({value} AS TEXT)"
            : isNumber && affinity is ColumnAffinity.Integer or ColumnAffinity.Real or ColumnAffinity.Numeric ? $"CAST({value} AS {affinity})"
            : null;
    }
}
