using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Scheduling;

namespace ThreatLens.Maintenance.Operations;

/// <summary>The table of operations. Thread-safe: every call is a transaction of its own.</summary>
public sealed class OperationStore(SqliteDatabase database, ServiceSchema schema)
{
    private const string Columns =
        "id, kind, state, caller, caller_verified, request_id, created_at, started_at, ended_at, trace_id, progress, failure, result, request_digest, process";

    private const string Unended = "state IN ('Queued', 'Running', 'Cancelling')";

    private readonly ProcessPresence _presence = new(database.Path + ".maintenance.processes");

    /// <summary>Adds an operation of this process.</summary>
    internal void Insert(Operation operation, string requestDigest)
    {
        EnterPresence();
        SqliteSession.Write(database, "recording an operation", session => session.Execute(
            $"INSERT INTO maintenance_operations({Columns}) VALUES ($id, $kind, $state, $caller, $verified, $request, $created, $started, $ended, $trace, $progress, $failure, $result, $digest, $process)",
            [.. Values(operation), ("$digest", requestDigest), ("$process", ProcessIdentity.Current)]));
    }

    /// <summary>Writes down where an operation stands.</summary>
    internal void Update(Operation operation) => SqliteSession.Write(database, "recording an operation's state", session => session.Execute(
        "UPDATE maintenance_operations SET state = $state, started_at = $started, ended_at = $ended, trace_id = $trace, progress = $progress, failure = $failure, result = $result WHERE id = $id",
        [.. Values(operation).Where(v => v.Name is "$id" or "$state" or "$started" or "$ended" or "$trace" or "$progress" or "$failure" or "$result")]));

    /// <summary>Writes down how an operation ended; false, and logged, when that is not possible now.</summary>
    internal bool TryUpdate(Operation ended, ILogger logger)
    {
        try
        {
            Update(ended);
            return true;
        }
        catch (Exception e)
        {
            // The work is done or undone, whatever becomes of its record. If the process ends before that can be written, the next start
            // finds it INTERRUPTED.
            Log.NotRecorded(logger, e, ended.Kind, ended.Id, ended.State);
            return false;
        }
    }

    /// <summary>The operation of that id; null when there is none.</summary>
    /// <param name="id">Identifier of the operation.</param>
    public Operation? Find(string id) => Read($"SELECT {Columns} FROM maintenance_operations WHERE id = $id", ("$id", id)).SingleOrDefault().Operation;

    /// <summary>The operation that a request with this id began, and the digest of its body.</summary>
    internal (Operation? Operation, string Digest) FindRequest(OperationCaller caller, OperationKind kind, string requestId) => Read(
        $"SELECT {Columns} FROM maintenance_operations WHERE caller = $caller AND kind = $kind AND request_id = $request",
        ("$caller", caller.Name), ("$kind", kind.ToString()), ("$request", requestId)).SingleOrDefault();

    /// <summary>A page of operations, newest first.</summary>
    /// <param name="limit">Most to return, 1 or more.</param>
    /// <param name="beforeId">Only those older than this one; null: from the newest.</param>
    /// <param name="kind">Only this kind; null: all.</param>
    /// <param name="state">Only this state; null: all.</param>
    public IReadOnlyList<Operation> List(int limit, string? beforeId, OperationKind? kind, OperationState? state) =>
        [.. Read(
            $"""
            SELECT {Columns} FROM maintenance_operations
            WHERE ($before IS NULL OR id < $before) AND ($kind IS NULL OR kind = $kind) AND ($state IS NULL OR state = $state)
            ORDER BY id DESC LIMIT $limit
            """,
            ("$before", beforeId), ("$kind", kind?.ToString()), ("$state", state?.ToString()), ("$limit", limit)).Select(r => r.Operation!)];

    /// <summary>Marks as interrupted what the record says is running and whose process is gone. Writes only when there is something.</summary>
    /// <param name="now">When that is noticed, UTC.</param>
    /// <returns>How many there were, and how many are left alone: their process is elsewhere, and may run.</returns>
    internal (int Interrupted, int LeftAlone) InterruptAbandoned(DateTimeOffset now)
    {
        if (schema.ReadVersion() == 0)
            return default;
        EnterPresence();
        var running = SqliteSession.Read(database, "reading running operations", session => session.Query(
            $"SELECT id, process FROM maintenance_operations WHERE {Unended}", row => (Id: row.GetString(0), Process: row.GetString(1))));
        List<string> abandoned = [.. running.Where(o => _presence.IsGone(o.Process)).Select(o => o.Id)];
        var leftAlone = running.Count(o => ProcessIdentity.IsElsewhere(o.Process) && !abandoned.Contains(o.Id));
        if (abandoned.Count == 0)
            return (0, leftAlone);
        var failure = new OperationFailure(
            ErrorKind.Aborted, ErrorReasons.OperationInterrupted, "The process that ran the operation ended before it did.", new Dictionary<string, string>());
        var ids = JsonSerializer.Serialize(abandoned);
        var interrupted = SqliteSession.Write(database, "marking interrupted operations", session =>
        {
            TellHowFar(session, ids);
            return session.Execute(
                $"""
                UPDATE maintenance_operations SET state = 'Interrupted', ended_at = $now, failure = $failure,
                    progress = json_set(progress, '$.Sequence', json_extract(progress, '$.Sequence') + 1, '$.UpdatedAt', $noticed)
                WHERE {Unended} AND id IN (SELECT value FROM json_each($abandoned))
                """,
                ("$now", SqliteTimestamp.Format(now)), ("$noticed", now.ToString("O")), ("$failure", JsonSerializer.Serialize(failure)), ("$abandoned", ids));
        });
        return (interrupted, leftAlone);
    }

    /// <summary>What a cleanup has deleted is on record with every transaction, while its progress is told to those who watch only.</summary>
    private static void TellHowFar(SqliteSession session, string abandoned)
    {
        if (!session.HasTable("maintenance_cleanups"))
            return;
        session.Execute(
            $"""
            UPDATE maintenance_operations SET progress = json_set(progress, '$.Unit', 'rows', '$.Completed', cleanup.rows,
                '$.Message', 'Deleted ' || cleanup.rows || ' rows before it was interrupted; a cleanup with resume_operation_id goes on there.')
            FROM maintenance_cleanups cleanup WHERE cleanup.operation_id = id AND {Unended} AND id IN (SELECT value FROM json_each($abandoned))
            """,
            ("$abandoned", abandoned));
    }

    /// <summary>Whether a process on record has ended. One that is elsewhere has only if that is certain.</summary>
    /// <param name="process">What the record says; null or empty: nobody's.</param>
    internal bool IsGone(string? process)
    {
        EnterPresence();
        return _presence.IsGone(process ?? "");
    }

    /// <summary>From the first operation, or the first look at those of others, on.</summary>
    private void EnterPresence() => _presence.Enter(() => SqliteSession.Read(database, "reading who runs operations", session =>
    {
        var running = session.HasTable("maintenance_operations") ? session.Query($"SELECT process FROM maintenance_operations WHERE {Unended}", row => row.GetString(0)) : [];
        var due = session.HasTable("maintenance_schedules") ? session.Query("SELECT open_process FROM maintenance_schedules WHERE open_process IS NOT NULL", row => row.GetString(0)) : [];
        return running.Concat(due).ToList();
    }));

    private List<(Operation? Operation, string Digest)> Read(string sql, params (string Name, object? Value)[] parameters) => schema.ReadVersion() == 0
        ? []
        : SqliteSession.Read(database, "reading operations", session => session.Query(sql, Map, parameters));

    private static (string Name, object? Value)[] Values(Operation operation) =>
    [
        ("$id", operation.Id), ("$kind", operation.Kind.ToString()), ("$state", operation.State.ToString()),
        ("$caller", operation.Caller.Name), ("$verified", operation.Caller.IsVerified), ("$request", operation.RequestId),
        ("$created", SqliteTimestamp.Format(operation.CreatedAt)),
        ("$started", operation.StartedAt is { } started ? SqliteTimestamp.Format(started) : null),
        ("$ended", operation.EndedAt is { } ended ? SqliteTimestamp.Format(ended) : null),
        ("$trace", operation.TraceId), ("$progress", JsonSerializer.Serialize(operation.Progress)),
        ("$failure", operation.Failure is null ? null : JsonSerializer.Serialize(operation.Failure)),
        ("$result", operation.Result is null ? null : JsonSerializer.Serialize(operation.Result, ResultType(operation.Kind))),
    ];

    private static (Operation? Operation, string Digest) Map(SqliteDataReader row)
    {
        var kind = Enum.Parse<OperationKind>(row.GetString(1));
        return (new Operation
        {
            Id = row.GetString(0),
            Kind = kind,
            State = Enum.Parse<OperationState>(row.GetString(2)),
            Caller = new OperationCaller(row.GetString(3), row.GetBoolean(4)),
            RequestId = Text(row, 5),
            CreatedAt = Time(row, 6) ?? default,
            StartedAt = Time(row, 7),
            EndedAt = Time(row, 8),
            TraceId = Text(row, 9),
            Progress = JsonSerializer.Deserialize<OperationProgress>(row.GetString(10))!,
            Failure = Text(row, 11) is { } failure ? JsonSerializer.Deserialize<OperationFailure>(failure) : null,
            Result = Text(row, 12) is { } result ? JsonSerializer.Deserialize(result, ResultType(kind)) : null,
        }, row.GetString(13));
    }

    private static Type ResultType(OperationKind kind) => kind switch
    {
        OperationKind.Migrate => typeof(MigrateResult),
        OperationKind.Rollback => typeof(RollbackResult),
        OperationKind.Repair => typeof(RepairResult),
        OperationKind.Optimize => typeof(OptimizeResult),
        OperationKind.Backup => typeof(BackupResult),
        OperationKind.Restore => typeof(RestoreResult),
        OperationKind.UpdateMonitoringConfig => typeof(StoredMonitoringConfig),
        OperationKind.SetLogSourceEnabled => typeof(LogSource),
        OperationKind.Cleanup => typeof(CleanupResult),
        OperationKind.CreateHold => typeof(CreatedHold),
        OperationKind.ReleaseHold => typeof(ReleasedHold),
        OperationKind.RestoreDrill => typeof(RestoreDrillResult),
        OperationKind.IntegrityCheck => typeof(IntegrityCheckResult),
        OperationKind.PauseSchedule => typeof(PausedSchedule),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No result type is known for this kind."),
    };

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(SqliteDataReader row, int column) =>
        SqliteTimestamp.TryParse(Text(row, column), out var time) ? time : null;
}
