using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations.Linting;

/// <summary>Which rules a run may break: those that its request names, and those that a script allows itself.</summary>
/// <param name="Named">The names, <see cref="LintRules.Destructive"/> among them or not.</param>
internal sealed record AllowedRules(IReadOnlySet<string> Named)
{
    /// <summary>What a request names.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT allow[i]: no such rule; the known ones are listed.</exception>
    public static AllowedRules Of(IReadOnlyList<string> allow)
    {
        for (var i = 0; i < allow.Count; i++)
        {
            if (!LintRules.Known.Contains(allow[i]))
                throw MaintenanceException.InvalidArgument(FormattableString.Invariant($"allow[{i}]"), $"'{allow[i]}' is no rule; known are {string.Join(", ", LintRules.Known)}");
        }

        return new AllowedRules(allow.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>With what a script allows itself.</summary>
    public AllowedRules With(MigrationScript script) => script.Allowed.Count == 0 ? this : new AllowedRules(Named.Union(script.Allowed).ToHashSet(StringComparer.Ordinal));

    /// <summary>Whether statements may break the rule.</summary>
    public bool Contains(string rule) =>
        Named.Contains(rule) || (Named.Contains(LintRules.Destructive) && LintRules.OfDestructive.Contains(rule));
}
