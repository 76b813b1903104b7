using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>The oldest row of each table with a policy, and up to when cleanups have gone through it. Costs a few looks into indexes.</summary>
internal sealed class OldestRows(SqliteDatabase database, OperationStore operations, IOptions<RetentionOptions> retention, IOptions<HealthOptions> options, TimeProvider time)
    : BackgroundSample<IReadOnlyList<OldestRow>>(database, time)
{
    // Junk that sorts first; behind more of it nothing is looked for.
    private const int MostJunk = 100;

    // Without an index: so many rows are looked at one by one, and no more.
    private const int MostWalked = 10_000;
    private const int Cleanups = 20;

    private readonly SqliteDatabase _database = database;

    public override TimeSpan Interval => options.Value.MaxCountAge;

    protected override IReadOnlyList<OldestRow> Look(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var cleaned = LastCleaned();
        return SqliteSession.Read(_database, "looking for the oldest rows", session =>
            RetentionTable.All
                .Where(t => t.HasPolicy && retention.Value.For(t) is { Enabled: true, MaxAge: not null } && session.HasTable(t.Name))
                .Select(t => Look(session.Connection, t, cleaned.TryGetValue(t.Name, out var at) ? at : null))
                .ToList(), cancellationToken);
    }

    /// <summary>The latest moment before which a cleanup that succeeded has left nothing but what is pinned.</summary>
    private Dictionary<string, DateTimeOffset> LastCleaned()
    {
        var cleaned = new Dictionary<string, DateTimeOffset>(StringComparer.OrdinalIgnoreCase);
        foreach (var table in operations.List(Cleanups, null, OperationKind.Cleanup, OperationState.Succeeded).Select(o => o.Result).OfType<CleanupResult>().SelectMany(r => r.Tables))
        {
            if (table is { Skipped.Length: 0, Cutoff: { } cutoff } && cutoff > cleaned.GetValueOrDefault(table.Table))
                cleaned[table.Table] = cutoff;
        }

        return cleaned;
    }

    private OldestRow Look(SqliteConnection reader, RetentionTable table, DateTimeOffset? cleanedTo)
    {
        var (outcome, oldest) = Oldest(reader, table);
        return new OldestRow(table.Name, outcome, oldest, retention.Value.For(table).MaxAge!.Value, cleanedTo);
    }

    private static (OldestOutcome Outcome, DateTimeOffset? At) Oldest(SqliteConnection reader, RetentionTable table)
    {
        if (table == RetentionTable.Rollups)
            return Outcome(reader.Scalar($"SELECT min(minute) FROM {table.Name}") is long minute ? new DateTimeOffset(RollupsStep.TicksOf(minute), TimeSpan.Zero) : null);
        if (table == RetentionTable.Operations)
            return Outcome(SqliteTimestamp.TryParse(reader.Scalar($"SELECT created_at FROM {table.Name} ORDER BY id LIMIT 1") as string, out var created) ? created : null);
        if (RowScan.FindIndex(reader, table.Name, table.TimeColumn) is not { } index)
            return WithoutIndex(reader, table);
        var (found, first) = First(reader, table, index, "/");
        if (found != OldestOutcome.Found)
            return (found, null);
        // 'T' sorts after ' ' within a day: the oldest of that shape may be older still.
        var sameDay = First(reader, table, index, first!.Value.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture) + "T").At;
        return (OldestOutcome.Found, sameDay < first ? sameDay : first);
    }

    private static (OldestOutcome Outcome, DateTimeOffset? At) Outcome(DateTimeOffset? at) => (at is null ? OldestOutcome.Empty : OldestOutcome.Found, at);

    private static (OldestOutcome Outcome, DateTimeOffset? At) First(SqliteConnection reader, RetentionTable table, string index, string from)
    {
        using var command = reader.CreateCommand();
        command.CommandText =
            $"SELECT {table.TimeColumn} FROM {table.Name} INDEXED BY {RowScan.Quoted(index)} WHERE {table.TimeColumn} >= $from AND {table.TimeColumn} < '{RowScan.AllTimes}' ORDER BY {table.TimeColumn} LIMIT {MostJunk}";
        command.Parameters.AddWithValue("$from", from);
        using var rows = command.ExecuteReader();
        var junk = 0;
        for (; rows.Read(); junk++)
        {
            if (SqliteTimestamp.TryParse(rows.GetValue(0) as string, out var at))
                return (OldestOutcome.Found, at);
        }

        return (junk < MostJunk ? OldestOutcome.Empty : OldestOutcome.NotLooked, null);
    }

    /// <summary>A walk through the table, if that is short.</summary>
    private static (OldestOutcome Outcome, DateTimeOffset? At) WithoutIndex(SqliteConnection reader, RetentionTable table)
    {
        using var command = reader.CreateCommand();
        command.CommandText = $"SELECT {table.TimeColumn} FROM {table.Name} LIMIT {MostWalked + 1}";
        using var rows = command.ExecuteReader();
        DateTimeOffset? oldest = null;
        for (var walked = 0; rows.Read(); walked++)
        {
            if (walked == MostWalked)
                return (OldestOutcome.NotLooked, null);
            if (SqliteTimestamp.TryParse(rows.GetValue(0) as string, out var at) && !(oldest <= at))
                oldest = at;
        }

        return Outcome(oldest);
    }
}

/// <summary>What came of looking for the oldest row of a table.</summary>
internal enum OldestOutcome
{
    /// <summary>It was found.</summary>
    Found,

    /// <summary>The table has no row with a readable time.</summary>
    Empty,

    /// <summary>Nobody knows: there is no index to find it by and the table is large, or too many times that cannot be read sort before it.</summary>
    NotLooked,
}

/// <summary>The oldest row of a table.</summary>
/// <param name="Table">The table.</param>
/// <param name="Outcome">What came of looking for it.</param>
/// <param name="Oldest">Its time, UTC; null: it was not found.</param>
/// <param name="MaxAge">What its policy allows.</param>
/// <param name="CleanedTo">Before this moment cleanups have left nothing but what is pinned, UTC; null: none has run.</param>
internal sealed record OldestRow(string Table, OldestOutcome Outcome, DateTimeOffset? Oldest, TimeSpan MaxAge, DateTimeOffset? CleanedTo)
{
    /// <summary>Whether a row is older than its policy and a grace allow, and no cleanup has gone past it: what those left is pinned, or refers to something that is.</summary>
    /// <param name="at">As of when, UTC.</param>
    /// <param name="grace">The grace.</param>
    public bool IsBehind(DateTimeOffset at, TimeSpan grace) => Oldest < at - MaxAge - grace && !IsCleaned(at, grace);

    /// <summary>Whether a cleanup has gone through the table lately.</summary>
    /// <param name="at">As of when, UTC.</param>
    /// <param name="grace">How long ago that may be.</param>
    public bool IsCleaned(DateTimeOffset at, TimeSpan grace) => CleanedTo >= at - MaxAge - grace;
}
