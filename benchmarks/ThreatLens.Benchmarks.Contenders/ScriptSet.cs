using System.Globalization;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>One up script.</summary>
internal sealed record Script(int Number, string Version, string Sql);

/// <summary>The product's up scripts, as every contender gets them.</summary>
internal sealed class ScriptSet
{
    private const string Beginning = "Scripts/";
    private const string Ending = ".up.sql";
    private const string EvolveFolderName = "evolve-scripts";
    private static readonly Lazy<ScriptSet> Loaded = new(Read);

    private ScriptSet(IReadOnlyList<Script> scripts) => Scripts = scripts;

    /// <summary>The product's, read once per process.</summary>
    public static ScriptSet Product => Loaded.Value;

    /// <summary>In order.</summary>
    public IReadOnlyList<Script> Scripts { get; }

    /// <summary>Where this program's Evolve reads them, under the names it asks for: beside the program, written by <see cref="WriteForEvolve"/>.</summary>
    public static string EvolveFolder => Path.Combine(AppContext.BaseDirectory, EvolveFolderName);

    /// <summary>Writes the scripts to where Evolve reads them.</summary>
    /// <param name="program">The folder of the program whose Evolve it is.</param>
    public void WriteForEvolve(string program)
    {
        var folder = Path.Combine(program, EvolveFolderName);
        Directory.CreateDirectory(folder);
        foreach (var script in Scripts)
            File.WriteAllText(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"V{script.Number + 1}__script.sql")), script.Sql);
    }

    // Of this program's own resources: no contender has to load another one's library for them.
    private static ScriptSet Read()
    {
        var assembly = typeof(ScriptSet).Assembly;
        return new ScriptSet([.. assembly.GetManifestResourceNames().Order(StringComparer.Ordinal).Select((name, number) =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return new Script(number, name[Beginning.Length..^Ending.Length], reader.ReadToEnd());
        })]);
    }
}
