namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>What has come in of which source.</summary>
/// <param name="Rhythms">How regularly, by source.</param>
/// <param name="Never">Enabled sources of which there is no metric, and was none as far as anybody remembers.</param>
internal sealed record HeardSources(IReadOnlyDictionary<string, SourceRhythm> Rhythms, IReadOnlySet<string> Never);
