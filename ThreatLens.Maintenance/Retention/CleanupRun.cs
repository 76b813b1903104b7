using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Retention.Holds;
using ThreatLens.Maintenance.Retention.Steps;

namespace ThreatLens.Maintenance.Retention;

/// <summary>One cleanup from its first transaction to its last. Used once, on one thread.</summary>
internal sealed class CleanupRun
{
    private const int MostLocked = 30;
    private static readonly TimeSpan LockRest = TimeSpan.FromSeconds(1);

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _operationId;
    private readonly SqliteConnection _writer;
    private readonly WalCheckpointer _checkpointer;
    private readonly CleanupPace _pace;
    private readonly EmergencyPace? _emergency;
    private readonly long _begunAt;
    private readonly long _pageSize;
    private HoldSet _holds;
    private long _ownRows;
    private int _locked;
    private bool _isTight;

    public CleanupRun(
        SqliteDatabase database, SqliteConnection writer, WalCheckpointer checkpointer, string operationId, CleanupTally tally, HoldSet holds, CleanupPace pace, bool isEmergency, TimeProvider time, ILogger logger)
    {
        (_database, _writer, _checkpointer, _operationId, Tally, _holds, _pace, _time, _logger) = (database, writer, checkpointer, operationId, tally, holds, pace, time, logger);
        _emergency = isEmergency ? new EmergencyPace() : null;
        _begunAt = time.GetTimestamp();
        _pageSize = (long)writer.Pragma("page_size")!;
        // What does not fit into memory would go into a file, and the disk may be full; checkpoints are made between the transactions.
        writer.Pragma("temp_store = MEMORY");
        // Pages that are needed again for the next rows, of the table and of every index.
        writer.Pragma("cache_size = -16384");
        // A power cut may bring back what was deleted last, with the note of it: nothing is lost by that, and nobody behind the gate waits for the disk.
        writer.Pragma("synchronous = NORMAL");
        WalCheckpoint.OnlyWhenAsked(writer);
    }

    /// <summary>What was deleted so far.</summary>
    public CleanupTally Tally { get; private set; }

    /// <summary>Told after every transaction, with the write gate free: the step, and how many rows it was to delete.</summary>
    public required Action<CleanupStep, int> Committed { get; init; }

    /// <summary>Writes down what is to be done, before anything is.</summary>
    /// <param name="cleanup">What is to be done.</param>
    /// <param name="acceptsClock">Whether somebody has said that the clock is right, which is remembered.</param>
    /// <param name="cancellationToken">Gives up waiting for its turn.</param>
    public void Begin(StoredCleanup cleanup, bool acceptsClock, CancellationToken cancellationToken) => InTurn(cancellationToken, () =>
    {
        using var transaction = ImmediateTransaction.Begin(_writer);
        CleanupStore.Insert(_writer, _operationId, cleanup, _time.GetUtcNow());
        if (acceptsClock)
            ClockCheck.Accept(_writer, _time.GetUtcNow(), _operationId);
        transaction.Commit();
    });

    /// <summary>Deletes what a step finds, to its end.</summary>
    /// <param name="step">What to delete.</param>
    /// <param name="cancellationToken">Stops it between two transactions.</param>
    /// <param name="isEnough">Asked after every transaction: whether to stop there. Default: never.</param>
    /// <exception cref="OperationCanceledException">Between two transactions.</exception>
    /// <exception cref="SqliteException">A transaction failed and was undone.</exception>
    public void Delete(CleanupStep step, CancellationToken cancellationToken, Func<bool>? isEnough = null)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = _emergency?.Rows ?? _pace.Rows;
            var found = step.Find(rows, _holds);
            if (found.Rows.Count > 0)
            {
                if (!TryCommit(step, found, rows, cancellationToken))
                    continue;
            }
            else
            {
                Tally = Tally.PlusKept(step, found);
            }

            step.Advance();
            if (found.IsLast || (found.Rows.Count > 0 && isEnough?.Invoke() == true))
                return;
        }
    }

    /// <summary>Writes down what was met since the last transaction.</summary>
    public void End(CancellationToken cancellationToken) => InTurn(cancellationToken, () =>
    {
        using var transaction = ImmediateTransaction.Begin(_writer);
        Note(Tally);
        transaction.Commit();
    });

    /// <returns>False: nothing happened, look again.</returns>
    private bool TryCommit(CleanupStep step, Found found, int rows, CancellationToken cancellationToken)
    {
        if (_emergency is null)
            Rest(_pace.Rest, cancellationToken);
        else
            WaitForRoom(cancellationToken);
        // Before the turn, as a checkpoint may be waiting for one: within it the log is emptied, and there may be no room for what would stay in it.
        using var still = _emergency is null ? null : _checkpointer.HoldStill(cancellationToken);
        try
        {
            if (!InTurn(cancellationToken, () => Commit(step, found)))
                return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_FULL && _emergency is not null && found.Rows.Count > 1 && _emergency.DidNotFit())
        {
            Log.DidNotFit(_logger, e, rows);
            InTurn(cancellationToken, () => WalCheckpoint.Empty(_database, _writer));
            return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && ++_locked <= MostLocked)
        {
            Log.Locked(_logger, e);
            Rest(LockRest, cancellationToken);
            return false;
        }

        _locked = 0;
        if (_emergency is null)
            _checkpointer.Committed(_writer);
        Committed(step, rows);
        return true;
    }

    /// <summary>
    /// Where the log could not be emptied and has taken more than is left, waits for whoever reads an old snapshot: a disk filled by the log cannot be
    /// emptied any more, as moving the pages may make the database longer by one.
    /// </summary>
    private void WaitForRoom(CancellationToken cancellationToken)
    {
        for (var i = 0; _isTight && i < MostLocked; i++)
        {
            using (_checkpointer.HoldStill(cancellationToken))
                _isTight = !InTurn(cancellationToken, () => WalCheckpoint.Empty(_database, _writer));
            if (!_isTight)
                return;
            Log.LogInUse(_logger);
            Rest(LockRest, cancellationToken);
        }
    }

    private bool Commit(CleanupStep step, Found found)
    {
        var begun = _time.GetTimestamp();
        using var span = StatementSpan.Start(_database, new SqlSummary($"DELETE {step.Table.Name}", "DELETE", step.Table.Name), batchSize: found.Rows.Count);
        using (var transaction = ImmediateTransaction.Begin(_writer))
        {
            // A hold that was created meanwhile counts from now on.
            var holds = HoldSet.Read(_writer, _time.GetUtcNow());
            if (holds.Fingerprint != _holds.Fingerprint)
            {
                _holds = holds;
                return false;
            }

            if (step.Delete(_writer) is not { } deleted)
                return false;
            if (step.Table == RetentionTable.Metrics)
                RollupLedger.FollowDeleted(_writer);
            var tally = Tally.Plus(step, found, deleted) with { Chunks = Tally.Chunks + 1 };
            Note(tally, deleted.Rows);
            transaction.Commit();
            Tally = tally;
            _ownRows += deleted.Rows;
        }

        if (_emergency is not null)
            EmptyAndPace(_emergency);
        _pace.Observe(begun, _time.GetTimestamp());
        return true;
    }

    private void EmptyAndPace(EmergencyPace pace)
    {
        var logBytes = (WalCheckpoint.Pages(_writer) ?? 0) * _pageSize;
        var isEmpty = WalCheckpoint.Empty(_database, _writer);
        var freeBytes = new DriveInfo(Path.GetDirectoryName(_database.Path)!).AvailableFreeSpace;
        _isTight = !isEmpty && logBytes > freeBytes;
        pace.Committed(logBytes, freeBytes);
    }

    private void Note(CleanupTally tally, long more = 0) =>
        CleanupStore.Update(_writer, _operationId, tally, _ownRows + more, _time.GetElapsedTime(_begunAt), _time.GetUtcNow());

    private void InTurn(CancellationToken cancellationToken, Action write) => InTurn(cancellationToken, () =>
    {
        write();
        return true;
    });

    private T InTurn<T>(CancellationToken cancellationToken, Func<T> write)
    {
        using var turn = _database.WriteGate.Enter(cancellationToken);
        return write();
    }

    private static void Rest(TimeSpan rest, CancellationToken cancellationToken)
    {
        if (rest > TimeSpan.Zero)
            cancellationToken.WaitHandle.WaitOne(rest);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
