using System.Globalization;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>One up script.</summary>
internal sealed record Script(int Number, string Version, string Sql);

/// <summary>The product's up scripts, as every contender gets them.</summary>
internal sealed class ScriptSet
{
    private const string Ending = ".up.sql";
    private static readonly Lazy<ScriptSet> Loaded = new(Read);

    private ScriptSet(IReadOnlyList<Script> scripts) => Scripts = scripts;

    /// <summary>The product's, read once per process.</summary>
    public static ScriptSet Product => Loaded.Value;

    /// <summary>In order.</summary>
    public IReadOnlyList<Script> Scripts { get; }

    /// <summary>A folder with the scripts under the names that Evolve asks for; beside the program, written by <see cref="WriteForEvolve"/>.</summary>
    public string EvolveFolder { get; } = Path.Combine(AppContext.BaseDirectory, "evolve-scripts");

    /// <summary>Writes the scripts to where Evolve reads them.</summary>
    public void WriteForEvolve()
    {
        Directory.CreateDirectory(EvolveFolder);
        foreach (var script in Scripts)
            File.WriteAllText(Path.Combine(EvolveFolder, string.Create(CultureInfo.InvariantCulture, $"V{script.Number + 1}__script.sql")), script.Sql);
    }

    private static ScriptSet Read()
    {
        var assembly = typeof(ThreatLens.Maintenance.Migrations.MigrationCatalog).Assembly;
        var names = assembly.GetManifestResourceNames().Where(n => n.StartsWith("Scripts/Sqlite/", StringComparison.Ordinal) && n.EndsWith(Ending, StringComparison.Ordinal));
        return new ScriptSet([.. names.Order(StringComparer.Ordinal).Select((name, number) =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return new Script(number, name["Scripts/Sqlite/".Length..^Ending.Length], reader.ReadToEnd());
        })]);
    }
}
