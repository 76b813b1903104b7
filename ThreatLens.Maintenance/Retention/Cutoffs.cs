using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Makes absolute cutoffs of policies, by age and by number, at the scope's frozen moment.</summary>
internal static class Cutoffs
{
    /// <summary>The cutoff of every table of the scope that is there.</summary>
    public static Dictionary<string, Cutoff> Read(SqliteConnection reader, CleanupScope scope, CancellationToken cancellationToken)
    {
        var cutoffs = new Dictionary<string, Cutoff>();
        foreach (var policy in scope.Tables)
        {
            var table = RetentionTable.Find(policy.Table)!;
            if (!EventLookup.HasTable(reader, table.Name))
                continue;
            var byAge = policy.MaxAge is { } age ? Cutoff.At(scope.FrozenAt - age) : Cutoff.Never;
            var byRows = policy.MaxRows is { } rows ? KeepNewest(reader, table, rows, scope.FrozenAt, cancellationToken) : Cutoff.Never;
            cutoffs[table.Name] = Cutoff.Later(byAge, byRows);
        }

        return cutoffs;
    }

    private static Cutoff KeepNewest(SqliteConnection reader, RetentionTable table, long rows, DateTimeOffset frozenAt, CancellationToken cancellationToken)
    {
        // Of the service's own tables, rows of the same moment all stay. Ids of operations tell no more than milliseconds apart.
        if (table == RetentionTable.Rollups)
        {
            return reader.Scalar($"SELECT minute FROM {table.Name} ORDER BY minute DESC LIMIT 1 OFFSET $keep - 1", ("$keep", rows)) is long minute
                ? new Cutoff(RollupsStep.TicksOf(minute), long.MinValue)
                : Cutoff.Never;
        }

        if (table == RetentionTable.Operations)
        {
            return SqliteTimestamp.TryParse(reader.Scalar($"SELECT created_at FROM {table.Name} ORDER BY created_at DESC LIMIT 1 OFFSET $keep - 1", ("$keep", rows)) as string, out var created)
                ? Cutoff.At(created)
                : Cutoff.Never;
        }

        return new RowRank(reader, table, frozenAt.UtcTicks, HoldSet.None, cancellationToken).KeepNewest(rows);
    }
}
