namespace ThreatLens.Maintenance.Migrations.Linting;

/// <summary>Something about a statement that deserves a second look.</summary>
/// <param name="Rule">One of <see cref="LintRules"/>.</param>
/// <param name="Version">The migration's version; of a hook, the first one that it runs around, or empty when that is the whole run.</param>
/// <param name="Script">The script's file name.</param>
/// <param name="Statement">Number of the statement in the script, from 1.</param>
/// <param name="Line">The line it begins on, from 1.</param>
/// <param name="Message">For people.</param>
/// <param name="IsError">Whether the migration is refused for it.</param>
public sealed record LintFinding(string Rule, string Version, string Script, int Statement, int Line, string Message, bool IsError)
{
    /// <summary>Whether a script or a request can allow it by name. Default true.</summary>
    public bool CanBeAllowed { get; init; } = true;

    /// <summary>On one line: file, statement, line, rule, message.</summary>
    public override string ToString() => FormattableString.Invariant($"{Script}, statement {Statement} (line {Line}): {Rule}: {Message}");
}
