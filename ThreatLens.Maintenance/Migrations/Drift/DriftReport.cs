namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>What Validate found.</summary>
/// <param name="Version">The version that the schema was compared with: the current one; null when none is applied.</param>
/// <param name="Differences">All differences.</param>
/// <param name="Findings">What the history says that deserves a look.</param>
public sealed record DriftReport(MigrationVersion? Version, IReadOnlyList<SchemaDifference> Differences, IReadOnlyList<HistoryFinding> Findings)
{
    /// <summary>Whether there is neither an error nor a warning.</summary>
    public bool IsValid => !Differences.Any(d => d.Severity > SchemaDifferenceSeverity.Info) && !Findings.Any(f => f.IsError);
}

/// <summary>Something about a row of the history that deserves a look.</summary>
/// <param name="Rule">Stable name: one of the constants.</param>
/// <param name="Version">The version of the row.</param>
/// <param name="Message">For people.</param>
/// <param name="IsError">Whether Migrate refuses to work on it.</param>
public sealed record HistoryFinding(string Rule, string Version, string Message, bool IsError)
{
    /// <summary>A migration was applied from another script than this service has.</summary>
    public const string ScriptChanged = "script-changed";

    /// <summary>This service does not know the version.</summary>
    public const string UnknownVersion = "unknown-version";

    /// <summary>Recorded by the original application without a checksum; Migrate adopts it.</summary>
    public const string NotAdopted = "not-adopted";

    /// <summary>No version is applied, so that no schema is expected and none was compared.</summary>
    public const string NothingApplied = "nothing-applied";

    /// <summary>A migration without a transaction was begun and is not finished.</summary>
    public const string Unfinished = "unfinished";

    internal static IEnumerable<HistoryFinding> Of(SchemaStatus status)
    {
        var findings = status.Migrations.SelectMany(Of);
        if (status.Unfinished is { } begun)
            findings = findings.Append(new HistoryFinding(Unfinished, begun.Version, FormattableString.Invariant($"{(begun.IsDown ? "Undoing" : "Applying")} it was begun outside of a transaction and stopped after {begun.StatementsDone} statements; finish it: {begun.Remedy}."), true));
        return status.CurrentVersion is null
            ? findings.Append(new HistoryFinding(NothingApplied, "", "No version is applied: there is no schema to compare with.", false))
            : findings;
    }

    private static IEnumerable<HistoryFinding> Of(MigrationState state)
    {
        if (state.State == MigrationStateKind.Unknown)
            yield return new HistoryFinding(UnknownVersion, state.Version.Id, "The history names it, and this service does not know it.", true);
        if (state is not { State: MigrationStateKind.Applied })
            yield break;
        if (state.ChecksumMatches == false)
            yield return new HistoryFinding(ScriptChanged, state.Version.Id, $"Applied from a script with checksum {state.StoredChecksum}; the script now has {state.ExpectedChecksum}.", true);
        if (state.StoredChecksum is null)
            yield return new HistoryFinding(NotAdopted, state.Version.Id, "Recorded by the original application without a checksum; Migrate adopts it.", false);
    }
}
