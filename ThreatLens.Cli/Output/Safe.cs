namespace ThreatLens.Cli.Output;

/// <summary>Text from elsewhere (names, messages, parts of logs) without what could steer a terminal.</summary>
internal static class Safe
{
    public static string Text(string text) =>
        text.Any(IsUnsafe) ? new string([.. text.Select(character => IsUnsafe(character) ? '\uFFFD' : character)]) : text;

    private static bool IsUnsafe(char character) => char.IsControl(character) && character is not '\n';
}
