namespace ThreatLens.Maintenance.Health;

/// <summary>Something that deserves attention: a rule of <see cref="HealthRules"/> that is broken.</summary>
/// <param name="Id">The rule, listed in docs/operations.md.</param>
/// <param name="Severity">Warning or critical; unknown where something could not be looked at.</param>
/// <param name="Evidence">What was seen.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Command">The command that does it; empty when there is none.</param>
/// <param name="Subject">What it is about; empty: the section.</param>
public sealed record HealthFinding(string Id, HealthStatus Severity, string Evidence, string Remedy, string Command = "", string Subject = "")
{
    /// <summary>The call of the service that <see cref="Command"/> makes, such as <c>Repair</c>; empty when there is none.</summary>
    public string Rpc { get; init; } = "";

    /// <summary>Since when the rule has been broken, as far as reports and stored samples know, UTC.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>A rule of the report.</summary>
/// <param name="Id">Stable, <c>section.what</c>.</param>
/// <param name="Remedy">What to do when it is broken.</param>
/// <param name="Command">The command that does it, unless the finding knows a more exact one; empty: there is none.</param>
/// <param name="Rpc">The call that the command makes.</param>
public sealed record HealthRule(string Id, string Remedy, string Command = "", string Rpc = "")
{
    /// <summary>It is broken, but not badly.</summary>
    internal HealthFinding Warn(string evidence, string subject = "", string? command = null) => Broken(HealthStatus.Warning, evidence, subject, command);

    /// <summary>It is broken badly.</summary>
    internal HealthFinding Fail(string evidence, string subject = "", string? command = null) => Broken(HealthStatus.Critical, evidence, subject, command);

    /// <summary>It is broken when a value is below a threshold, badly below the other one.</summary>
    /// <param name="value">The value; null: unknown, and not broken.</param>
    /// <param name="warning">The first threshold.</param>
    /// <param name="critical">The second one.</param>
    /// <param name="evidence">What was seen.</param>
    /// <param name="command">As for <see cref="Broken"/>.</param>
    internal IEnumerable<HealthFinding> Below(double? value, double warning, double critical, Func<string> evidence, string? command = null) =>
        value < critical ? [Fail(evidence(), command: command)] : value < warning ? [Warn(evidence(), command: command)] : [];

    /// <summary>It is broken.</summary>
    /// <param name="severity">How badly.</param>
    /// <param name="evidence">What was seen.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="command">The command that clears it, complete; null: the rule's own; empty: there is none this time.</param>
    internal HealthFinding Broken(HealthStatus severity, string evidence, string subject = "", string? command = null) =>
        new(Id, severity, evidence, Remedy, command ?? Command, subject) { Rpc = command is "" ? "" : Rpc };
}
