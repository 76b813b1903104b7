using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Hooks;

namespace ThreatLens.Maintenance.Migrations.Folders;

/// <summary>What a folder of scripts holds.</summary>
/// <param name="Migrations">A migration per pair <c>NNN_name.up.sql</c> and <c>NNN_name.down.sql</c>.</param>
/// <param name="Hooks">The scripts that run before and after.</param>
internal sealed record MigrationFolder(IReadOnlyList<Migration> Migrations, MigrationHooks Hooks)
{
    private const string Extension = ".sql";

    // Names that begin with a dot are hidden: editors', and those behind a mounted volume's links.
    private static readonly EnumerationOptions Visible = new() { AttributesToSkip = FileAttributes.Hidden, MatchCasing = MatchCasing.CaseInsensitive };

    /// <summary>Reads a folder. Scripts lie directly in it; files that do not end with .sql are none of its business.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="placeholders">What <c>${name}</c> stands for.</param>
    /// <exception cref="MaintenanceException">
    /// MIGRATIONS_FOLDER_UNUSABLE: it is missing or cannot be read. MIGRATION_INVALID naming the file, and the line where there is one.
    /// </exception>
    public static MigrationFolder Read(string path, Placeholders placeholders)
    {
        if (!Directory.Exists(path))
            throw Unusable(path, File.Exists(path) ? "it is a file" : "there is no such folder; create it, or correct the setting");
        try
        {
            RefuseScriptsBelow(path);
            var files = Directory.EnumerateFiles(path, "*" + Extension, Visible).ToDictionary(f => Path.GetFileName(f), ScriptText.Read, StringComparer.Ordinal);
            var hooks = files.Where(f => MigrationHooks.IsHook(f.Key)).ToDictionary(f => f.Key, f => placeholders.Replace(f.Key, f.Value), StringComparer.Ordinal);
            var pairs = files.Where(f => !hooks.ContainsKey(f.Key)).ToDictionary(StringComparer.Ordinal);
            return new MigrationFolder([.. ScriptFiles.Pair(pairs, placeholders.Replace)], MigrationHooks.Parse(hooks));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e.Message.TrimEnd('.'));
        }
    }

    // Scripts that nobody runs are worse than an error.
    private static void RefuseScriptsBelow(string path)
    {
        foreach (var below in Directory.EnumerateDirectories(path, "*", Visible))
        {
            if (Directory.EnumerateFiles(below, "*" + Extension, Visible).FirstOrDefault() is { } script)
                throw ScriptFiles.Invalid(Path.GetRelativePath(path, script), "scripts lie directly in the folder, not in one below it; move it, or take it away");
        }
    }

    private static MaintenanceException Unusable(string path, string why) =>
        new(ErrorKind.FailedPrecondition, ErrorReasons.MigrationsFolderUnusable, $"Maintenance:Migrations:Path is {path}: {why}.")
        {
            Metadata = new Dictionary<string, string> { ["path"] = path },
        };
}
