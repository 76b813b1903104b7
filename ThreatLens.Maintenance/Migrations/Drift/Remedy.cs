namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>Statements that mend a difference and lose no value.</summary>
internal static class Remedy
{
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A stored definition as a statement.</summary>
    public static string Statement(string sql) => sql.TrimEnd().TrimEnd(';') + ";";

    public static string Drop(SchemaObjectType type, string name) => $"DROP {type.ToString().ToUpperInvariant()} {Quote(name)};";

    /// <summary>
    /// What adds a missing column, by the rules of sqlite.org/lang_altertable.html; empty where SQLite has no such way and the table would
    /// have to be built anew.
    /// </summary>
    public static IReadOnlyList<string> AddColumn(TableModel table, ColumnModel column, bool tableHasRows)
    {
        var isKey = column.KeyPosition > 0 || table.UniqueConstraints.Contains(column.Name.ToLowerInvariant());
        if (isKey || column.IsGenerated || column.Definition.Length == 0)
            return [];
        var add = $"ALTER TABLE {Quote(table.Name)} ADD COLUMN ";
        if (!tableHasRows || IsConstant(column.Default))
            return column.IsNotNull && tableHasRows && IsNull(column.Default) ? [] : [$"{add}{column.Definition};"];
        // A filled table takes no default that is computed; without it the column is as good, since a missing DEFAULT is no drift.
        return column.IsNotNull || column.Definition.Contains("CHECK", StringComparison.OrdinalIgnoreCase) ? [] : [$"{add}{Quote(column.Name)} {column.Type};"];
    }

    private static bool IsNull(string? value) => value is null || value.Equals("NULL", StringComparison.OrdinalIgnoreCase);

    private static bool IsConstant(string? value) =>
        value is null || !(value.StartsWith('(') || value.StartsWith("CURRENT_", StringComparison.OrdinalIgnoreCase));
}
