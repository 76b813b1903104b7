namespace ThreatLens.Maintenance.Migrations.Hooks;

/// <summary>When a hook runs; its file has the same name, with a small first letter and <c>.sql</c>.</summary>
internal enum HookMoment
{
    /// <summary>Before the first migration of a run that has some, in a transaction of its own.</summary>
    BeforeMigrate,

    /// <summary>Before each migration, in its transaction.</summary>
    BeforeEachMigrate,

    /// <summary>After each migration, in its transaction.</summary>
    AfterEachMigrate,

    /// <summary>After the last migration of a run that applied some, in a transaction of its own.</summary>
    AfterMigrate,

    /// <summary>Before the first version is undone, in a transaction of its own.</summary>
    BeforeRollback,

    /// <summary>Before each version is undone, in its transaction.</summary>
    BeforeEachRollback,

    /// <summary>After each version is undone, in its transaction.</summary>
    AfterEachRollback,

    /// <summary>After the last version of a run is undone, in a transaction of its own.</summary>
    AfterRollback,
}

/// <summary>Scripts of the operator's own that run around migrations. Immutable.</summary>
internal sealed class MigrationHooks
{
    private static readonly Dictionary<string, HookMoment> Moments =
        Enum.GetValues<HookMoment>().ToDictionary(m => char.ToLowerInvariant(m.ToString()[0]) + m.ToString()[1..] + ".sql", StringComparer.Ordinal);

    private readonly Dictionary<HookMoment, MigrationScript> _scripts = [];

    private MigrationHooks()
    {
    }

    /// <summary>No hooks.</summary>
    public static MigrationHooks None { get; } = new();

    /// <summary>The file names that are hooks.</summary>
    public static IReadOnlyCollection<string> FileNames => Moments.Keys;

    /// <summary>Whether a file of this name is a hook.</summary>
    public static bool IsHook(string fileName) => Moments.ContainsKey(fileName);

    /// <summary>Takes hooks apart.</summary>
    /// <param name="files">Text by file name.</param>
    /// <exception cref="Errors.MaintenanceException">MIGRATION_INVALID naming file and line; also for a hook that asks to run without a transaction.</exception>
    public static MigrationHooks Parse(IReadOnlyDictionary<string, string> files)
    {
        var hooks = new MigrationHooks();
        foreach (var (name, sql) in files)
        {
            var script = MigrationScript.Parse(name, sql);
            hooks._scripts.Add(Moments[name], script.IsTransactional ? script : throw ScriptFiles.Invalid(name, "a hook runs in a transaction and cannot be 'no-transaction'"));
        }

        return hooks;
    }

    /// <summary>The script to run at this moment; null when there is none.</summary>
    public MigrationScript? At(HookMoment moment) => _scripts.GetValueOrDefault(moment);
}
