using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Tests.Migrations.Folders;

/// <summary>A folder of scripts, and the catalog that the service would make of it.</summary>
internal sealed class ScriptFolder(string path)
{
    private readonly Dictionary<string, string> _placeholders = [];

    public string Path { get; } = Directory.CreateDirectory(path).FullName;

    /// <summary>Writes a script and, for an up script, one that does nothing in the other direction.</summary>
    public ScriptFolder With(string name, string text) => With(name, System.Text.Encoding.UTF8.GetBytes(text));

    public ScriptFolder With(string name, byte[] bytes)
    {
        File.WriteAllBytes(System.IO.Path.Combine(Path, name), bytes);
        var down = System.IO.Path.Combine(Path, name.Replace(".up.sql", ".down.sql", StringComparison.Ordinal));
        if (!File.Exists(down))
            File.WriteAllText(down, "");
        return this;
    }

    public ScriptFolder Placeholder(string name, string value)
    {
        _placeholders[name] = value;
        return this;
    }

    public MigrationCatalog Load()
    {
        var options = new MigrationOptions { Path = Path };
        foreach (var (name, value) in _placeholders)
            options.Placeholders.Add(name, value);
        return MigrationCatalog.Load("Sqlite", options, "/");
    }
}
