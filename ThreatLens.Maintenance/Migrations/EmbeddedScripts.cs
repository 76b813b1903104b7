using System.Text;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>The script files inside this assembly.</summary>
internal static class EmbeddedScripts
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Text by file name; empty for a provider without scripts.</summary>
    public static IReadOnlyDictionary<string, string> Read(string provider)
    {
        var assembly = typeof(EmbeddedScripts).Assembly;
        var folder = $"Scripts/{provider}/";
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
            .ToDictionary(name => name[folder.Length..], name => ReadText(assembly.GetManifestResourceStream(name)!), StringComparer.Ordinal);
    }

    private static string ReadText(Stream stream)
    {
        using var reader = new StreamReader(stream, Strict);
        return reader.ReadToEnd();
    }
}
