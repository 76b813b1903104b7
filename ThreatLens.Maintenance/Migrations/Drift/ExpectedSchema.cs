using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Migrations.Rebuilding;

namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>The schema as the migrations make it, found out by running them on an empty database in memory.</summary>
/// <param name="Model">What they make.</param>
/// <param name="Owners">Which migration each object comes from, by <see cref="Key"/>.</param>
internal sealed record ExpectedSchema(SchemaModel Model, IReadOnlyDictionary<string, string> Owners)
{
    /// <summary>What an object is called among the owners.</summary>
    public static string Key(SchemaObjectType type, string name) => $"{type}:{name}";

    /// <summary>Runs the migrations up to and with <paramref name="through"/>.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID: a script does not run on an empty database.</exception>
    public static ExpectedSchema Build(MigrationCatalog catalog, MigrationVersion through)
    {
        using var connection = new SqliteConnection("Data Source=:memory:;Pooling=False;Foreign Keys=False");
        connection.Open();
        var owners = new Dictionary<string, (string Version, string Meaning)>(StringComparer.OrdinalIgnoreCase);
        var model = SchemaModelReader.Read(connection);
        foreach (var migration in catalog.Migrations.Where(m => m.Version.CompareTo(through) <= 0))
        {
            var script = catalog.UpOf(migration);
            foreach (var statement in script.IsTransactional ? script.Statements : script.Statements.Select(InMemory).OfType<ScriptStatement>())
                Run(connection, script, statement);
            model = SchemaModelReader.Read(connection);
            foreach (var (key, meaning) in Objects(model))
            {
                if (!owners.TryGetValue(key, out var owner) || owner.Meaning != meaning)
                    owners[key] = (migration.Version.Id, meaning);
            }
        }

        return new ExpectedSchema(model, owners.ToDictionary(o => o.Key, o => o.Value.Version, StringComparer.OrdinalIgnoreCase));
    }

    // Outside of a transaction other files can be attached and written: here they are empty and in memory, and only definitions count.
    private static ScriptStatement? InMemory(ScriptStatement statement) =>
        statement.AttachedName is { } name ? statement with { Sql = $"ATTACH ':memory:' AS {name}" }
        : statement.ChangesSchema || statement.Summary.Operation == "DETACH" ? statement
        : null;

    private static void Run(SqliteConnection connection, MigrationScript script, ScriptStatement statement)
    {
        try
        {
            // These do nothing to the schema, and some open other files.
            var doesNothingHere = script.IsTransactional && statement.Action is StatementAction.TransactionControl or StatementAction.Pragma;
            if (!doesNothingHere && ScriptRunner.IsNeeded(connection, statement))
                ScriptRunner.Execute(connection, statement);
        }
        catch (Exception e) when (e is SqliteException or RebuildRefusedException)
        {
            throw ScriptFiles.Invalid(
                FormattableString.Invariant($"{script.Name}, statement {statement.Number} (line {statement.Line})"),
                $"it does not run on an empty database, so what the schema should be cannot be told: {e.Message}");
        }
    }

    // A table is its first migration's, whoever adds columns later; the columns are those later ones'.
    private static IEnumerable<(string Key, string Meaning)> Objects(SchemaModel model) =>
        model.Tables.Values.SelectMany(t => t.Columns.Values
            .Select(c => (Key(SchemaObjectType.Column, $"{t.Name}.{c.Name}"), c.Description))
            .Prepend((Key(SchemaObjectType.Table, t.Name), "")))
        .Concat(model.Indexes.Values.Select(i => (Key(SchemaObjectType.Index, i.Name), SqlMeaning.Of(i.Sql))))
        .Concat(model.Triggers.Values.Select(t => (Key(SchemaObjectType.Trigger, t.Name), t.Meaning)))
        .Concat(model.Views.Values.Select(v => (Key(SchemaObjectType.View, v.Name), v.Meaning)));
}
