using ThreatLens.Maintenance.Migrations.Planning;

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
    // In the order of HookMoment.
    private static readonly string[] Names =
    [
        "beforeMigrate.sql", "beforeEachMigrate.sql", "afterEachMigrate.sql", "afterMigrate.sql",
        "beforeRollback.sql", "beforeEachRollback.sql", "afterEachRollback.sql", "afterRollback.sql",
    ];

    private readonly MigrationScript?[] _scripts = new MigrationScript?[Names.Length];
    private readonly string?[] _checksums = new string?[Names.Length];

    private MigrationHooks()
    {
    }

    /// <summary>No hooks.</summary>
    public static MigrationHooks None { get; } = new();

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => Array.TrueForAll(_scripts, s => s is null);

    /// <summary>The file names that are hooks.</summary>
    public static IReadOnlyCollection<string> FileNames => Names;

    /// <summary>Whether a file of this name is a hook.</summary>
    public static bool IsHook(string fileName) => Array.IndexOf(Names, fileName) >= 0;

    /// <summary>Takes hooks apart.</summary>
    /// <param name="files">Text by file name.</param>
    /// <exception cref="Errors.MaintenanceException">MIGRATION_INVALID naming file and line; also for a hook that asks to run without a transaction.</exception>
    public static MigrationHooks Parse(IReadOnlyDictionary<string, string> files)
    {
        var hooks = new MigrationHooks();
        foreach (var (name, sql) in files)
        {
            var script = MigrationScript.Parse(name, sql);
            if (!script.IsTransactional)
                throw ScriptFiles.Invalid(name, "a hook runs in a transaction and cannot be 'no-transaction'");
            // Migrations are looked at by the linter; a hook has nobody to allow it anything.
            if (script.Statements.FirstOrDefault(s => s.Action is StatementAction.TransactionControl or StatementAction.Savepoint or StatementAction.Pragma) is { } steers)
                throw ScriptFiles.Invalid(FormattableString.Invariant($"{name}, line {steers.Line} (statement {steers.Number})"), $"{steers.Summary.Operation} is not allowed: a hook runs in a transaction, which the engine begins and ends");
            var moment = Array.IndexOf(Names, name);
            (hooks._scripts[moment], hooks._checksums[moment]) = (script, MigrationChecksum.Compute(sql));
        }

        return hooks;
    }

    /// <summary>What the hooks mean, in an order of its own, as checksums say it of migrations: for whoever must notice that one was changed.</summary>
    public IEnumerable<string> Meanings => Names.Zip(_checksums).Where(h => h.Second is not null).Select(h => $"{h.First} {h.Second}");

    /// <summary>Those that run when versions are undone, in the order of their moments.</summary>
    public IEnumerable<MigrationScript> OfRollback => Enum.GetValues<HookMoment>().Where(m => m >= HookMoment.BeforeRollback).Select(At).OfType<MigrationScript>();

    /// <summary>The script to run at this moment; null when there is none.</summary>
    public MigrationScript? At(HookMoment moment) => _scripts[(int)moment];
}
