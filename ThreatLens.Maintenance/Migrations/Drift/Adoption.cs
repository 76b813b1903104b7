using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>
/// Makes a database that somebody else built what the migrations would have made of it, within a transaction that is already open: what is
/// missing is created, nothing that is there is changed, and what neither fits nor can be mended is refused by name.
/// </summary>
internal sealed class Adoption(SqliteDatabase database, SqliteConnection connection, MigrationCatalog catalog)
{
    /// <summary>Runs what mends a difference. Default: on the connection.</summary>
    public Action<SchemaDifference>? Mend { get; init; }

    /// <summary>Whether a table has rows. Default: asks the connection.</summary>
    public Func<string, bool>? HasRows { get; init; }

    /// <summary>Whether a script would find tables or columns of its own there already.</summary>
    public static bool FindsSomething(SqliteConnection connection, MigrationScript script) => script.Statements.Any(s =>
        s.Condition == StatementCondition.ColumnMissing
            ? !ScriptRunner.IsNeeded(connection, s)
            : CreatedTable(s) is { } table
                && connection.Scalar("SELECT 1 FROM sqlite_master WHERE name = $name COLLATE NOCASE", ("$name", table)) is not null);

    /// <summary>
    /// Adds, before a migration's script runs, the columns that are missing of tables which the script would create and that are there
    /// already: its indexes need them.
    /// </summary>
    /// <exception cref="MaintenanceException">ADOPTION_REFUSED.</exception>
    public void Prepare(Migration migration)
    {
        var expected = catalog.Expected(migration.Version);
        var differences = Of(migration.Version, new HashSet<string> { migration.Version.Id });
        Refuse(differences.Where(d => !d.IsMendable));
        Run(differences.Where(d => d.ObjectType == SchemaObjectType.Column && OwnsTable(expected, migration, d)));
    }

    /// <summary>Creates what is missing of these versions.</summary>
    /// <param name="through">The version whose schema is expected.</param>
    /// <param name="versions">The versions to adopt.</param>
    /// <returns>What was created.</returns>
    /// <exception cref="MaintenanceException">ADOPTION_REFUSED, REPAIR_FAILED.</exception>
    public IReadOnlyList<SchemaDifference> Complete(MigrationVersion through, IReadOnlySet<string> versions)
    {
        var differences = Of(through, versions);
        Refuse(differences.Where(d => !d.IsMendable));
        var missing = differences.Where(d => d.Kind == SchemaDifferenceKind.Missing && d.IsMendable).OrderBy(d => d.Version, StringComparer.Ordinal).ToList();
        Run(missing);
        Refuse(Of(through, versions));
        return missing;
    }

    // CREATE TABLE [IF NOT EXISTS] name
    private static string? CreatedTable(ScriptStatement statement)
    {
        var words = SqlLexer.Read(statement.Sql).Where(t => t.Kind != SqlTokenKind.Comment).Take(6).ToList();
        if (statement.RebuildsTable || words.Count < 4 || !words[0].Is("CREATE") || !words[1].Is("TABLE"))
            return null;
        var name = words[2].Is("IF") ? words.ElementAtOrDefault(5) : words[2];
        return name is { IsName: true } ? name.Name : null;
    }

    private void Run(IEnumerable<SchemaDifference> differences)
    {
        if (Mend is null)
            Mending.Run(database, connection, differences);
        else
            differences.ToList().ForEach(Mend);
    }

    private List<SchemaDifference> Of(MigrationVersion through, IReadOnlySet<string> versions) =>
        [.. SchemaComparison.Run(connection, catalog.Expected(through), HasRows).Where(d => d.Version is not null && versions.Contains(d.Version))];

    private static bool OwnsTable(ExpectedSchema expected, Migration migration, SchemaDifference column)
    {
        var table = column.ObjectName[..column.ObjectName.IndexOf('.', StringComparison.Ordinal)];
        return expected.Owners.GetValueOrDefault(ExpectedSchema.Key(SchemaObjectType.Table, table)) == migration.Version.Id;
    }

    private static void Refuse(IEnumerable<SchemaDifference> differences)
    {
        var wrong = differences.Where(d => d.Severity == SchemaDifferenceSeverity.Error).ToList();
        if (wrong.Count == 0)
            return;
        throw new MaintenanceException(
            ErrorKind.FailedPrecondition, ErrorReasons.AdoptionRefused,
            $"The database has tables of another shape and cannot be adopted: {string.Join("; ", wrong)}. Nothing was changed.")
        {
            Metadata = new Dictionary<string, string> { ["differences"] = string.Join("; ", wrong) },
        };
    }
}
