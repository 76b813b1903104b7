using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention;

/// <summary>The steps of a cleanup over one database, in their order: what belongs to something goes before it.</summary>
internal sealed class CleanupSteps
{
    private const string NoTable = "The database has no such table.";

    private readonly SqliteConnection _reader;
    private readonly CleanupScope _scope;
    private readonly IReadOnlyDictionary<string, Cutoff> _cutoffs;
    private readonly HashSet<string> _tables;

    public CleanupSteps(SqliteConnection reader, CleanupScope scope, IReadOnlyDictionary<string, Cutoff> cutoffs)
    {
        (_reader, _scope, _cutoffs) = (reader, scope, cutoffs);
        _tables = [.. RetentionTable.All.Select(t => t.Name).Where(t => EventLookup.HasTable(reader, t))];
    }

    /// <summary>Why a table of the scope is left out; empty: it is not.</summary>
    public string WhySkipped(RetentionTable table)
    {
        if (!_tables.Contains(table.Name))
            return NoTable;
        return table == RetentionTable.RawLogs && !_tables.Contains(RetentionTable.Events.Name) ? "The database has no events, so that nothing tells which raw logs are referred to." : "";
    }

    /// <summary>Tables that a cleanup of this scope looks at, or would if they were there.</summary>
    public IEnumerable<RetentionTable> Tables => RetentionTable.All.Where(t => _scope.Find(t) is not null || _scope.OrphanTables.Contains(t.Name)
        || (_scope.Find(RetentionTable.Events) is not null && (t == RetentionTable.Analyses || t == RetentionTable.Notifications)));

    /// <summary>One step after the other; each is disposed when the next one is asked for.</summary>
    /// <param name="forPlan">Whether what earlier steps find is still there when later ones look.</param>
    public IEnumerable<CleanupStep> All(bool forPlan)
    {
        EventsStep? planned = null;
        try
        {
            foreach (var table in RetentionTable.All.Where(t => _scope.Find(t) is not null && WhySkipped(t).Length == 0 && t != RetentionTable.RawLogs))
            {
                var step = Of(table, CutoffOf(table), forPlan);
                if (forPlan && step is EventsStep events)
                {
                    planned = events;
                    yield return step;
                    continue;
                }

                using (step)
                    yield return step;
            }

            foreach (var table in RetentionTable.All.Where(HasOrphans))
            {
                using var step = new OrphansStep(_reader, table, CutoffOf(table));
                yield return step;
            }

            if (_scope.Find(RetentionTable.RawLogs) is not null && WhySkipped(RetentionTable.RawLogs).Length == 0)
            {
                using var step = new RawLogsStep(_reader, CutoffOf(RetentionTable.RawLogs), forPlan ? EventGoes(planned) : null);
                yield return step;
            }
        }
        finally
        {
            planned?.Dispose();
        }
    }

    /// <summary>Rows that are older than their cutoffs, roughly and quickly: by the texts of their times, whatever pins them or belongs to them.</summary>
    public long EstimateRows() => _scope.Tables.Select(t => RetentionTable.Find(t.Table)!).Where(t => WhySkipped(t).Length == 0 && t != RetentionTable.Rollups)
        .Sum(t => (long)_reader.Scalar($"SELECT count(*) FROM {t.Name} WHERE {t.TimeColumn} >= '/' AND {t.TimeColumn} < $cutoff", ("$cutoff", SqliteTimestamp.Format(CutoffOf(t).Moment)))!);

    /// <summary>A step for one table whose rows have a time of their own and nothing that refers to them.</summary>
    public CleanupStep Of(RetentionTable table, Cutoff cutoff, bool forPlan = false) => table.Name switch
    {
        "processing_metrics" => new OldRowsStep(_reader, table, cutoff, belongsToEvents: false),
        "notification_history" => new OldRowsStep(_reader, table, cutoff, belongsToEvents: true),
        "events" => new EventsStep(_reader, cutoff, forPlan ? CutoffOf(RetentionTable.Notifications) : Cutoff.Never),
        "maintenance_metric_rollups" => new RollupsStep(_reader, cutoff),
        "maintenance_operations" => new OperationsStep(_reader, cutoff),
        _ => throw new ArgumentOutOfRangeException(nameof(table), table.Name, "The table has no step."),
    };

    private bool HasOrphans(RetentionTable table) => _scope.OrphanTables.Contains(table.Name) && _tables.Contains(table.Name) && _tables.Contains(RetentionTable.Events.Name);

    private Cutoff CutoffOf(RetentionTable table) => _cutoffs.GetValueOrDefault(table.Name, Cutoff.Never);

    private RawLogsStep.EventGoes? EventGoes(EventsStep? events)
    {
        var cutoff = CutoffOf(RetentionTable.Events);
        return events is null
            ? null
            : (ticks, rowId, id, source, holds) => ticks is { } at && cutoff.IsPast(at, rowId) && !IsHeld(at, id, source, holds) && !events.PinnedByTheirs.Contains(id);
    }

    private static bool IsHeld(long ticks, string id, string source, HoldSet holds) => holds.PinsTime(ticks) || holds.PinsEvent(id) || holds.PinsSource(source);
}
