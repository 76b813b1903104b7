using System.Text;

namespace ThreatLens.Ingest.Sample.Demo;

/// <summary>One file of the demo: appended to, and renamed to <c>NAME.1</c> when it is big enough. Not thread-safe.</summary>
/// <param name="path">Its path.</param>
/// <param name="maxBytes">Size at which it is renamed.</param>
internal sealed class DemoLogFile(string path, long maxBytes)
{
    /// <summary>Appends lines.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Append(IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
            return;
        if (new FileInfo(path) is { Exists: true } file && file.Length >= maxBytes)
            File.Move(path, path + ".1", overwrite: true);
        var text = new StringBuilder();
        foreach (var line in lines)
            text.Append(line).Append('\n');
        File.AppendAllText(path, text.ToString());
    }
}
