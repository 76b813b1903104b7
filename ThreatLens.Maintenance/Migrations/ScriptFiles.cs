using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Turns script files into migrations.</summary>
internal static class ScriptFiles
{
    public const string UpEnding = ".up.sql";
    public const string DownEnding = ".down.sql";

    /// <summary>One migration per pair of <c>NNN_name.up.sql</c> and <c>NNN_name.down.sql</c>.</summary>
    /// <param name="files">Text by file name.</param>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID: a name of another shape, or a script without its pair.</exception>
    public static IEnumerable<Migration> Pair(IReadOnlyDictionary<string, string> files)
    {
        foreach (var file in files.Keys.Order(StringComparer.Ordinal))
        {
            if (file.EndsWith(UpEnding, StringComparison.Ordinal))
                yield return FromPair(file, file[..^UpEnding.Length], files);
            else if (!file.EndsWith(DownEnding, StringComparison.Ordinal))
                throw Invalid(file, $"the name must end with {UpEnding} or {DownEnding}");
            else if (!files.ContainsKey(file[..^DownEnding.Length] + UpEnding))
                throw Invalid(file, $"{file[..^DownEnding.Length] + UpEnding} is missing");
        }
    }

    public static MaintenanceException Invalid(string script, string problem) =>
        new(ErrorKind.FailedPrecondition, ErrorReasons.MigrationInvalid, $"{script}: {problem}.")
        {
            Metadata = new Dictionary<string, string> { ["script"] = script },
        };

    private static Migration FromPair(string file, string id, IReadOnlyDictionary<string, string> files)
    {
        if (!MigrationVersion.TryParse(id, out var version) || version.Name.Length == 0)
            throw Invalid(file, "the name must be a number, an underscore and letters, digits or underscores, as in 001_add_tables" + UpEnding);
        if (!files.TryGetValue(id + DownEnding, out var downSql))
            throw Invalid(file, $"{id + DownEnding} is missing");
        return Migration.Create(version, files[file], downSql);
    }
}
