using System.Collections.Concurrent;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Folders;
using ThreatLens.Maintenance.Migrations.Hooks;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>The migrations this service knows, in order, all found acceptable. Immutable and thread-safe.</summary>
public sealed class MigrationCatalog
{
    private readonly Dictionary<string, ScriptPair> _scripts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Migration> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ExpectedSchema> _expected = new(StringComparer.Ordinal);

    /// <summary>Checks every script and puts the migrations in order.</summary>
    /// <param name="migrations">The migrations, in any order; numbers need not be consecutive.</param>
    /// <exception cref="MaintenanceException">
    /// MIGRATION_INVALID naming script and line: a number used twice, an unknown directive, a statement that does not end.
    /// </exception>
    public MigrationCatalog(IEnumerable<Migration> migrations)
        : this([.. migrations], MigrationHooks.None)
    {
        foreach (var scripts in _scripts.Values)
            scripts.Check();
    }

    // Scripts are taken apart when they are first asked for.
    private MigrationCatalog(List<Migration> migrations, MigrationHooks hooks)
    {
        Hooks = hooks;
        migrations.Sort(static (one, other) => one.Version.CompareTo(other.Version));
        Migrations = migrations;
        RefuseSharedNumbers();
        foreach (var migration in Migrations)
        {
            _byId.Add(migration.Version.Id, migration);
            _scripts.Add(migration.Version.Id, new ScriptPair(migration));
        }
    }

    /// <summary>In order of their numbers.</summary>
    public IReadOnlyList<Migration> Migrations { get; }

    /// <summary>The highest version; null when the catalog is empty.</summary>
    public MigrationVersion? Latest => Migrations.Count == 0 ? null : Migrations[^1].Version;

    /// <summary>The product's own migrations for one kind of database.</summary>
    /// <param name="provider">"Sqlite".</param>
    /// <exception cref="ArgumentException">There are none for that provider.</exception>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID, as for the constructor, or for a script without its pair.</exception>
    public static MigrationCatalog LoadEmbedded(string provider)
    {
        var files = EmbeddedScripts.Read(provider);
        return files.Count == 0
            ? throw new ArgumentException($"There are no migrations for the provider '{provider}'.", nameof(provider))
            // Whether they can be taken apart is for the tests of a release to find out, not for every process.
            : new MigrationCatalog([.. ScriptFiles.Pair(files)], MigrationHooks.None);
    }

    /// <summary>The product's own migrations, with those and the hooks of a folder.</summary>
    /// <param name="provider">"Sqlite".</param>
    /// <param name="options">Which folder; null or empty: none.</param>
    /// <param name="root">What a relative folder begins at.</param>
    /// <exception cref="MaintenanceException">MIGRATIONS_FOLDER_UNUSABLE, or MIGRATION_INVALID, as for the constructor, naming the file.</exception>
    public static MigrationCatalog Load(string provider, MigrationOptions options, string root)
    {
        if (string.IsNullOrWhiteSpace(options.Path))
            return LoadEmbedded(provider);
        var folder = MigrationFolder.Read(Path.GetFullPath(options.Path, root), new Placeholders(options.Placeholders));
        var catalog = new MigrationCatalog([.. LoadEmbedded(provider).Migrations, .. folder.Migrations], folder.Hooks);
        foreach (var migration in folder.Migrations)
            catalog._scripts[migration.Version.Id].Check();
        return catalog;
    }

    /// <summary>Finds a migration by what a caller calls it.</summary>
    /// <param name="version">The full version ("001_add_realtime_tables") or its number ("001", "1").</param>
    /// <param name="fieldName">The request's field, for the error.</param>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT, UNKNOWN_VERSION, naming the field and the known versions.</exception>
    public Migration Resolve(string version, string fieldName)
    {
        if (Find(version) is { } migration)
            return migration;
        if (MigrationVersion.TryParse(version, out var parsed) && parsed.Name.Length == 0
            && Migrations.FirstOrDefault(m => m.Version.Number == parsed.Number) is { } numbered)
            return numbered;

        var known = string.Join(", ", Migrations.Select(m => m.Version.Id));
        throw new MaintenanceException(
            ErrorKind.InvalidArgument, ErrorReasons.UnknownVersion, $"{fieldName}: '{version}' is not a known version; known are {known}.")
        {
            Field = fieldName,
            Metadata = new Dictionary<string, string> { ["knownVersions"] = known },
        };
    }

    /// <summary>The scripts that run around migrations.</summary>
    internal MigrationHooks Hooks { get; }

    /// <summary>The migration with exactly this full version; null when there is none.</summary>
    internal Migration? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>A migration's up script, taken apart.</summary>
    internal MigrationScript UpOf(Migration migration) => _scripts[migration.Version.Id].Up;

    /// <summary>A migration's down script, taken apart.</summary>
    internal MigrationScript DownOf(Migration migration) => _scripts[migration.Version.Id].Down;

    /// <summary>The schema that the migrations up to and with this one make; built once.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID: a script does not run on an empty database.</exception>
    internal ExpectedSchema Expected(MigrationVersion through) => _expected.GetOrAdd(through.Id, _ => ExpectedSchema.Build(this, through));

    /// <summary>Pairs script files named <c>NNN_name.up.sql</c> and <c>NNN_name.down.sql</c>.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID naming the file.</exception>
    internal static MigrationCatalog FromFiles(IReadOnlyDictionary<string, string> files) => new(ScriptFiles.Pair(files));

    private void RefuseSharedNumbers()
    {
        for (var i = 1; i < Migrations.Count; i++)
        {
            if (Migrations[i].Version.Number == Migrations[i - 1].Version.Number)
                throw ScriptFiles.Invalid(Migrations[i].Version.Id, $"its number is also that of {Migrations[i - 1].Version}; give one of them a number of its own");
        }
    }

    /// <summary>The scripts of a migration, each taken apart when it is first asked for; twice by two threads does no harm.</summary>
    private sealed class ScriptPair(Migration migration)
    {
        public MigrationScript Up => field ??= ParseUp();

        public MigrationScript Down => field ??= MigrationScript.Parse(migration.Version.Id + ScriptFiles.DownEnding, migration.DownSql);

        /// <exception cref="MaintenanceException">MIGRATION_INVALID.</exception>
        public void Check() => _ = (Up, Down);

        private MigrationScript ParseUp()
        {
            var up = MigrationScript.Parse(migration.Version.Id + ScriptFiles.UpEnding, migration.UpSql);
            return up.Statements.Count == 0 ? throw ScriptFiles.Invalid(up.Name, "the script has no statement: it is empty, or nothing but comments") : up;
        }
    }
}
