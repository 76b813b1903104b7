namespace ThreatLens.AppHost.Local;

/// <summary>Standard output, shared by every resource: whole lines, each saying whose it is, coloured on a terminal.</summary>
internal sealed class Screen
{
    private static readonly string[] Palette = ["36", "32", "35", "33", "34"];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _colours = [];
    private readonly bool _coloured = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private int _width = "apphost".Length;

    /// <summary>Says something in the AppHost's own name.</summary>
    public void Say(string text) => Write("apphost", text);

    /// <summary>Passes on what <paramref name="source"/> wrote, one or more lines.</summary>
    public void Write(string source, string text)
    {
        lock (_lock)
        {
            _width = Math.Max(_width, source.Length);
            foreach (var line in text.TrimEnd().Split('\n'))
            {
                var prefix = $"{source.PadRight(_width)} |";
                Console.Out.WriteLine(_coloured ? $"\e[{ColourOf(source)}m{prefix}\e[0m {line}" : $"{prefix} {line}");
            }
        }
    }

    private string ColourOf(string source)
    {
        if (!_colours.TryGetValue(source, out var colour))
        {
            _colours[source] = colour = Palette[_colours.Count % Palette.Length];
        }

        return colour;
    }
}
