using System.Text;

namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Names of levels, in any case.</summary>
internal static class LogLevels
{
    private static readonly byte[][] Names = [.. new[]
    {
        "trace", "verbose", "vrb", "debug", "dbg", "info", "inf", "information", "notice", "warn", "wrn", "warning", "error", "err",
        "fail", "crit", "critical", "fatal", "ftl", "alert", "emerg", "panic", "severe", "fine", "config",
    }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>Whether a word is one; Apache's trace1 to trace8 are.</summary>
    public static bool IsLevel(ReadOnlySpan<byte> word)
    {
        if (word.Length == 6 && word[5] is >= (byte)'1' and <= (byte)'8')
            word = word[..5];
        foreach (var name in Names)
        {
            if (Ascii.EqualsIgnoreCase(name, word))
                return true;
        }
        return false;
    }
}
