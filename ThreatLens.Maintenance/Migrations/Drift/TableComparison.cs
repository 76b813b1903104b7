namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>Compares one table with what it should be.</summary>
/// <param name="hasRows">Whether a table has rows: what can be added to it depends on that.</param>
internal sealed class TableComparison(Func<string, bool> hasRows)
{
    /// <summary>The differences between two tables of the same name: the table's own first, then its columns'.</summary>
    public IEnumerable<SchemaDifference> Compare(TableModel expected, TableModel actual) =>
        Own(expected, actual).Concat(Columns(expected, actual));

    private static IEnumerable<SchemaDifference> Own(TableModel expected, TableModel actual)
    {
        if (expected.PrimaryKey != actual.PrimaryKey)
            yield return Different(expected, SchemaDifferenceSeverity.Error, $"primary key ({expected.PrimaryKey})", $"primary key ({actual.PrimaryKey})");
        foreach (var key in expected.UniqueConstraints.Except(actual.UniqueKeys))
            yield return Different(expected, SchemaDifferenceSeverity.Error, $"unique ({key})", "not unique");
        foreach (var key in actual.UniqueConstraints.Except(expected.UniqueKeys))
            yield return Different(expected, SchemaDifferenceSeverity.Error, "not unique", $"unique ({key})");
        foreach (var key in expected.ForeignKeys.Except(actual.ForeignKeys))
            yield return Different(expected, SchemaDifferenceSeverity.Warning, "foreign key " + key, "none");
        foreach (var key in actual.ForeignKeys.Except(expected.ForeignKeys))
            yield return Different(expected, SchemaDifferenceSeverity.Warning, "none", "foreign key " + key);
        foreach (var check in expected.Checks.Except(actual.Checks))
            yield return Different(expected, SchemaDifferenceSeverity.Warning, $"check ({check})", "none");
        foreach (var check in actual.Checks.Except(expected.Checks))
            yield return Different(expected, SchemaDifferenceSeverity.Error, "none", $"check ({check})");
        if (expected.IsWithoutRowId != actual.IsWithoutRowId)
            yield return Different(expected, SchemaDifferenceSeverity.Warning, RowId(expected), RowId(actual));
        if (expected.IsStrict != actual.IsStrict)
            yield return Different(expected, actual.IsStrict ? SchemaDifferenceSeverity.Error : SchemaDifferenceSeverity.Warning, Strict(expected), Strict(actual));
        if (expected.HasAutoIncrement != actual.HasAutoIncrement)
            yield return Different(expected, SchemaDifferenceSeverity.Info, AutoIncrement(expected), AutoIncrement(actual));
    }

    private IEnumerable<SchemaDifference> Columns(TableModel expected, TableModel actual)
    {
        foreach (var column in expected.Columns.Values)
        {
            if (!actual.Columns.TryGetValue(column.Name, out var found))
                yield return Column(expected, column, SchemaDifferenceKind.Missing, SchemaDifferenceSeverity.Error, column.Definition, "", Remedy.AddColumn(expected, column, hasRows(expected.Name)));
            else if (Severity(column, found) is { } severity)
                yield return Column(expected, column, SchemaDifferenceKind.Different, severity, column.Description, found.Description, []);
        }

        foreach (var column in actual.Columns.Values.Where(c => !expected.Columns.ContainsKey(c.Name)))
        {
            var mustBeGiven = column is { IsNotNull: true, Default: null, IsRowId: false, IsGenerated: false };
            yield return Column(
                expected, column, SchemaDifferenceKind.Unexpected, mustBeGiven ? SchemaDifferenceSeverity.Error : SchemaDifferenceSeverity.Warning, "", column.Description, []);
        }
    }

    private static SchemaDifferenceSeverity? Severity(ColumnModel expected, ColumnModel actual)
    {
        // A rowid takes integers only, and gives values of its own.
        if (expected.IsGenerated != actual.IsGenerated || expected.IsRowId != actual.IsRowId)
            return SchemaDifferenceSeverity.Error;
        var bothRowId = expected.IsRowId && actual.IsRowId;
        if (!bothRowId && actual.IsNotNull && !expected.IsNotNull)
            return actual.Default is null ? SchemaDifferenceSeverity.Error : SchemaDifferenceSeverity.Warning;
        if (expected.Affinity != actual.Affinity || (!bothRowId && expected.IsNotNull != actual.IsNotNull))
            return SchemaDifferenceSeverity.Warning;
        var sameSpelling = expected.Type.Equals(actual.Type, StringComparison.OrdinalIgnoreCase)
            && SqlMeaning.Of(expected.Default ?? "") == SqlMeaning.Of(actual.Default ?? "");
        return sameSpelling ? null : SchemaDifferenceSeverity.Info;
    }

    private static SchemaDifference Different(TableModel table, SchemaDifferenceSeverity severity, string expected, string actual) => new()
    {
        ObjectType = SchemaObjectType.Table,
        ObjectName = table.Name,
        Kind = SchemaDifferenceKind.Different,
        Severity = severity,
        Expected = expected,
        Actual = actual,
    };

    private static SchemaDifference Column(
        TableModel table, ColumnModel column, SchemaDifferenceKind kind, SchemaDifferenceSeverity severity, string expected, string actual, IReadOnlyList<string> remedy) => new()
        {
            ObjectType = SchemaObjectType.Column,
            ObjectName = $"{table.Name}.{column.Name}",
            Kind = kind,
            Severity = severity,
            Expected = expected,
            Actual = actual,
            Remedy = remedy,
        };

    private static string RowId(TableModel table) => table.IsWithoutRowId ? "WITHOUT ROWID" : "with rowid";

    private static string Strict(TableModel table) => table.IsStrict ? "STRICT" : "not STRICT";

    private static string AutoIncrement(TableModel table) => table.HasAutoIncrement ? "AUTOINCREMENT" : "no AUTOINCREMENT";
}
