namespace ThreatLens.Maintenance.Migrations;

/// <summary>A script taken apart and found acceptable.</summary>
/// <param name="Name">Its file name, for messages.</param>
/// <param name="Statements">Its statements in order.</param>
internal sealed record MigrationScript(string Name, IReadOnlyList<ScriptStatement> Statements)
{
    /// <summary>The description directive's text; null without one.</summary>
    public string? Description { get; init; }

    /// <summary>The tables that must be empty for the script to run.</summary>
    public IReadOnlyList<string> RefuseIfRows { get; init; } = [];

    /// <summary>The lint rules that the script allows itself, by name.</summary>
    public IReadOnlySet<string> Allowed { get; init; } = new HashSet<string>();

    /// <summary>Whether it runs within one transaction. Default true.</summary>
    public bool IsTransactional { get; init; } = true;

    /// <summary>Takes a script apart.</summary>
    /// <exception cref="Errors.MaintenanceException">MIGRATION_INVALID naming script and line.</exception>
    public static MigrationScript Parse(string name, string sql) => new MigrationScriptParser(name, sql).Parse();
}
