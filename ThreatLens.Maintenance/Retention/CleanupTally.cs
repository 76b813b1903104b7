using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention;

/// <summary>What was deleted of one table so far, or would be.</summary>
internal sealed record TableTally
{
    public const int MaxSamples = 10;

    public static readonly TableTally Zero = new();

    public long Rows { get; init; }

    public long Orphans { get; init; }

    public long Held { get; init; }

    public long Unreadable { get; init; }

    public long? OldestTicks { get; init; }

    public long? NewestTicks { get; init; }

    public IReadOnlyList<string> SampleIds { get; init; } = [];
}

/// <summary>What was deleted so far, or would be, by table. Immutable; it is written down with every transaction of a cleanup.</summary>
internal sealed record CleanupTally
{
    public static readonly CleanupTally Zero = new();

    public IReadOnlyDictionary<string, TableTally> Tables { get; init; } = new Dictionary<string, TableTally>();

    public long Chunks { get; init; }

    public long Rows => Tables.Values.Sum(t => t.Rows);

    public TableTally Of(string table) => Tables.GetValueOrDefault(table, TableTally.Zero);

    /// <summary>For a cleanup that is gone on with: what stays is met again.</summary>
    public CleanupTally ForgetKept() => this with { Tables = Tables.ToDictionary(t => t.Key, t => t.Value with { Held = 0, Unreadable = 0 }) };

    /// <summary>Adds what a look found and, in a plan, would delete.</summary>
    public CleanupTally Plus(CleanupStep step, Found found) => Plus(step, found, new Deleted(found.Rows.Count, found.Children));

    /// <summary>Adds what stays.</summary>
    public CleanupTally PlusKept(CleanupStep step, Found found) => found.Held == 0 && found.Unreadable == 0
        ? this
        : With(step.Table, t => t with { Held = t.Held + found.Held, Unreadable = t.Unreadable + found.Unreadable });

    public CleanupTally Plus(CleanupStep step, Found found, Deleted deleted)
    {
        var tally = PlusKept(step, found).With(step.Table, t => t with
        {
            Rows = t.Rows + deleted.Rows,
            Orphans = t.Orphans + (step.FindsOrphans ? deleted.Rows : 0),
            OldestTicks = Min(t.OldestTicks, found.Rows.Min(r => r.Ticks)),
            NewestTicks = -Min(-t.NewestTicks, -found.Rows.Max(r => r.Ticks)),
            SampleIds = t.SampleIds.Count >= TableTally.MaxSamples ? t.SampleIds : [.. t.SampleIds.Concat(found.Rows.Select(NameOf)).Take(TableTally.MaxSamples)],
        });
        if (deleted.Children.Analyses > 0)
            tally = tally.With(RetentionTable.Analyses, t => t with { Rows = t.Rows + deleted.Children.Analyses });
        if (deleted.Children.Notifications > 0)
            tally = tally.With(RetentionTable.Notifications, t => t with { Rows = t.Rows + deleted.Children.Notifications });
        return tally;
    }

    private CleanupTally With(RetentionTable table, Func<TableTally, TableTally> change) =>
        this with { Tables = new Dictionary<string, TableTally>(Tables) { [table.Name] = change(Of(table.Name)) } };

    private static string NameOf(GoingRow row) => row.Id.Length > 0 ? row.Id : row.RowId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long? Min(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
