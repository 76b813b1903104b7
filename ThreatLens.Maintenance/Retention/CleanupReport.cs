using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>What a tally says, per table, for people and programs.</summary>
internal static class CleanupReport
{
    public static List<TableCleanup> Tables(SqliteConnection reader, CleanupSteps steps, StoredCleanup cleanup, CleanupTally tally) =>
        [.. steps.Tables.Select(table => Of(reader, table, steps.WhySkipped(table), cleanup, tally.Of(table.Name)))];

    private static TableCleanup Of(SqliteConnection reader, RetentionTable table, string skipped, StoredCleanup cleanup, TableTally tally)
    {
        var cutoff = cleanup.Cutoffs.GetValueOrDefault(table.Name, Cutoff.Never);
        return new TableCleanup
        {
            Table = table.Name,
            Cutoff = cutoff == Cutoff.Never ? null : cutoff.Moment,
            Rows = tally.Rows,
            Bytes = skipped.Length > 0 ? 0 : (long)(tally.Rows * RowSize.Of(reader, table.Name)),
            Oldest = Moment(tally.OldestTicks),
            Newest = Moment(tally.NewestTicks),
            SampleIds = tally.SampleIds,
            HeldRows = tally.Held,
            Orphans = tally.Orphans,
            UnreadableRows = tally.Unreadable,
            Skipped = skipped,
        };
    }

    private static DateTimeOffset? Moment(long? ticks) => ticks is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
}
