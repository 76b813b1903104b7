using System.Buffers;

namespace ThreatLens.Maintenance.Health;

/// <summary>Names from elsewhere as words of a command that somebody copies into a shell.</summary>
internal static class CommandWord
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,");

    /// <summary>The value as one word of a POSIX shell: as it is, or in single quotes, in which nothing has a meaning but the quote itself.</summary>
    public static string Quote(string value) =>
        value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Plain) ? value : $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>The value as an argument behind all options: one that looks like an option is none.</summary>
    public static string Argument(string value) => value.StartsWith('-') ? $"-- {Quote(value)}" : Quote(value);
}
