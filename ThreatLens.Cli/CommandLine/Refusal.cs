using System.CommandLine.Parsing;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Says what is wrong with a value, and whose value it is: of several options that take times or lengths of time one is wrong.</summary>
internal static class Refusal
{
    /// <param name="result">The value.</param>
    /// <param name="why">What is wrong with it, as a sentence.</param>
    public static void Refuse(this ArgumentResult result, string why) =>
        result.AddError(result.Parent is OptionResult option ? $"{option.IdentifierToken?.Value ?? option.Option.Name}: {why}" : why);
}
