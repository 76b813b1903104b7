using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>Compares the schema as it should be with the schema as it is.</summary>
internal sealed class SchemaComparison
{
    private readonly ExpectedSchema _expected;
    private readonly SchemaModel _actual;
    private readonly TableComparison _tables;
    private readonly List<SchemaDifference> _differences = [];

    private SchemaComparison(SqliteConnection connection, ExpectedSchema expected, Func<string, bool>? hasRows)
    {
        _expected = expected;
        _actual = SchemaModelReader.Read(connection, expected.Model.Tables.ContainsKey);
        _tables = new TableComparison(hasRows ?? (table => connection.Scalar($"SELECT 1 FROM {Remedy.Quote(table)} LIMIT 1") is not null));
    }

    /// <summary>All differences as this connection sees them: tables and columns first, in the order in which they can be mended.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="expected">The schema as it should be.</param>
    /// <param name="hasRows">Whether a table has rows, which decides what can mend it; null: asks the connection.</param>
    public static IReadOnlyList<SchemaDifference> Run(SqliteConnection connection, ExpectedSchema expected, Func<string, bool>? hasRows = null)
    {
        var comparison = new SchemaComparison(connection, expected, hasRows);
        comparison.CompareTables();
        comparison.CompareIndexes();
        comparison.CompareScripts(SchemaObjectType.View, expected.Model.Views, comparison._actual.Views);
        comparison.CompareScripts(SchemaObjectType.Trigger, expected.Model.Triggers, comparison._actual.Triggers);
        return [.. comparison._differences.Select(d => d with { Version = comparison.OwnerOf(d) })];
    }

    private void CompareTables()
    {
        var expected = _expected.Model.Tables;
        foreach (var table in expected.Values)
        {
            if (_actual.Tables.TryGetValue(table.Name, out var actual))
                _differences.AddRange(_tables.Compare(table, actual));
            else
                AddMissing(SchemaObjectType.Table, table.Name, table.Sql, SchemaDifferenceSeverity.Error);
        }

        foreach (var table in _actual.Tables.Values.Where(t => !expected.ContainsKey(t.Name)))
            AddUnexpected(SchemaObjectType.Table, table.Name, table.Sql, SchemaDifferenceSeverity.Info);
    }

    private void CompareIndexes()
    {
        var expected = _expected.Model.Indexes;
        foreach (var index in expected.Values)
        {
            // Without a unique index, what relies on it (an upsert) fails; without another one, reading is slow.
            var severity = index.IsUnique ? SchemaDifferenceSeverity.Error : SchemaDifferenceSeverity.Warning;
            if (!_actual.Indexes.TryGetValue(index.Name, out var actual))
                AddMissing(SchemaObjectType.Index, index.Name, index.Sql, severity);
            else if (!index.MeansTheSameAs(actual))
                AddDifferent(SchemaObjectType.Index, index.Name, index.Sql, actual.Sql, actual.IsUnique ? SchemaDifferenceSeverity.Error : severity);
        }

        foreach (var index in _actual.Indexes.Values.Where(i => !expected.ContainsKey(i.Name) && _expected.Model.Tables.ContainsKey(i.Table)))
            AddUnexpected(SchemaObjectType.Index, index.Name, index.Sql, index.IsUnique ? SchemaDifferenceSeverity.Error : SchemaDifferenceSeverity.Warning);
    }

    private void CompareScripts(SchemaObjectType type, IReadOnlyDictionary<string, NamedSql> expected, IReadOnlyDictionary<string, NamedSql> actual)
    {
        foreach (var script in expected.Values)
        {
            if (!actual.TryGetValue(script.Name, out var found))
                AddMissing(type, script.Name, script.Sql, SchemaDifferenceSeverity.Error);
            else if (script.Meaning != found.Meaning)
                AddDifferent(type, script.Name, script.Sql, found.Sql, SchemaDifferenceSeverity.Error);
        }

        // A view of somebody's own is read by nobody else; a trigger on our tables does something with our rows.
        var unexpected = actual.Values.Where(s => !expected.ContainsKey(s.Name));
        foreach (var script in type == SchemaObjectType.View ? unexpected : unexpected.Where(s => _expected.Model.TypeOf(s.On) is not null))
            AddUnexpected(type, script.Name, script.Sql, type == SchemaObjectType.View ? SchemaDifferenceSeverity.Info : SchemaDifferenceSeverity.Warning);
    }

    private void AddMissing(SchemaObjectType type, string name, string sql, SchemaDifferenceSeverity severity)
    {
        // Triggers have names of their own; all else shares them.
        var inTheWay = type == SchemaObjectType.Trigger ? null : _actual.TypeOf(name);
        _differences.Add(new SchemaDifference
        {
            ObjectType = type,
            ObjectName = name,
            Kind = inTheWay is null ? SchemaDifferenceKind.Missing : SchemaDifferenceKind.Different,
            Severity = inTheWay is null ? severity : SchemaDifferenceSeverity.Error,
            Expected = sql,
            Actual = inTheWay is null ? "" : $"a {inTheWay.Value.ToString().ToLowerInvariant()} of that name",
            Remedy = inTheWay is null ? [Remedy.Statement(sql)] : [],
        });
    }

    private void AddDifferent(SchemaObjectType type, string name, string expected, string actual, SchemaDifferenceSeverity severity) => _differences.Add(new SchemaDifference
    {
        ObjectType = type,
        ObjectName = name,
        Kind = SchemaDifferenceKind.Different,
        Severity = severity,
        Expected = expected,
        Actual = actual,
        Remedy = [Remedy.Drop(type, name), Remedy.Statement(expected)],
    });

    private void AddUnexpected(SchemaObjectType type, string name, string sql, SchemaDifferenceSeverity severity) => _differences.Add(new SchemaDifference
    {
        ObjectType = type,
        ObjectName = name,
        Kind = SchemaDifferenceKind.Unexpected,
        Severity = severity,
        Actual = sql,
        Remedy = type == SchemaObjectType.Table ? [] : [Remedy.Drop(type, name)],
    });

    private string? OwnerOf(SchemaDifference difference) => difference.Kind == SchemaDifferenceKind.Unexpected
        ? null
        : _expected.Owners.GetValueOrDefault(ExpectedSchema.Key(difference.ObjectType, difference.ObjectName));
}
