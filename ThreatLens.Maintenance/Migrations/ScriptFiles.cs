using System.Globalization;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Hooks;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Turns script files into migrations.</summary>
internal static class ScriptFiles
{
    public const string UpEnding = ".up.sql";
    public const string DownEnding = ".down.sql";

    /// <summary>One migration per pair of <c>NNN_name.up.sql</c> and <c>NNN_name.down.sql</c>.</summary>
    /// <param name="files">Text by file name.</param>
    /// <param name="replace">Puts values in for placeholders, given name and text of a script; null: there are none.</param>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID: a name of another shape, or a script without its pair.</exception>
    public static IEnumerable<Migration> Pair(IReadOnlyDictionary<string, string> files, Func<string, string, string>? replace = null)
    {
        string[] names = [.. files.Keys];
        Array.Sort(names, StringComparer.Ordinal);
        foreach (var file in names)
        {
            if (file.EndsWith(UpEnding, StringComparison.Ordinal))
                yield return FromPair(file, file[..^UpEnding.Length], files, replace ?? ((_, sql) => sql));
            else if (!file.EndsWith(DownEnding, StringComparison.Ordinal))
                throw Invalid(file, $"the name must end with {UpEnding} or {DownEnding}, or be that of a hook: {string.Join(", ", MigrationHooks.FileNames)}");
            else if (!files.ContainsKey(file[..^DownEnding.Length] + UpEnding))
                throw Invalid(file, $"{file[..^DownEnding.Length] + UpEnding} is missing");
        }
    }

    public static MaintenanceException Invalid(string script, string problem) =>
        new(ErrorKind.FailedPrecondition, ErrorReasons.MigrationInvalid, $"{script}: {problem}.")
        {
            Metadata = new Dictionary<string, string> { ["script"] = script },
        };

    /// <summary>A script that cannot be used, because of something on one of its lines.</summary>
    public static MaintenanceException Invalid(string script, int line, string problem, int? statement = null)
    {
        var facts = new Dictionary<string, string> { ["script"] = script, ["line"] = line.ToString(CultureInfo.InvariantCulture) };
        if (statement is not null)
            facts["statement"] = statement.Value.ToString(CultureInfo.InvariantCulture);
        var where = statement is null ? "" : FormattableString.Invariant($" (statement {statement})");
        return new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.MigrationInvalid, FormattableString.Invariant($"{script}, line {line}{where}: {problem}."))
        {
            Metadata = facts,
        };
    }

    private static Migration FromPair(string file, string id, IReadOnlyDictionary<string, string> files, Func<string, string, string> replace)
    {
        if (!MigrationVersion.TryParse(id, out var version) || version.Name.Length == 0)
            throw Invalid(file, "the name must be a number, an underscore and letters, digits or underscores, as in 001_add_tables" + UpEnding);
        if (!files.TryGetValue(id + DownEnding, out var downSql))
            throw Invalid(file, $"{id + DownEnding} is missing");
        // As it is written, so that it is the same migration wherever other values are configured.
        var checksum = MigrationChecksum.Compute(files[file]);
        var upSql = replace(file, files[file]);
        return new Migration(version, MigrationScriptParser.DescriptionOf(upSql) ?? Migration.DescriptionOf(version), upSql, replace(id + DownEnding, downSql), checksum);
    }
}
