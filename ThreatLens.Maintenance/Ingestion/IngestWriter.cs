using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// The one writer of metrics: a thread of its own behind a bounded queue, committing whatever has queued up as one group. While the
/// schema changes it waits at the gate; what the database cannot take is refused, not kept. Thread-safe but for its lifetime methods.
/// </summary>
public sealed class IngestWriter : IDisposable
{
    private static readonly TimeSpan FailureMemory = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenTraces = TimeSpan.FromSeconds(1);
    private static readonly SqlSummary InsertSummary = SqlSummary.Of(MetricStatements.InsertMetric);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ProducerSequences _sequences = new();
    private readonly SqliteDatabase _database;
    private readonly ServiceSchema _serviceSchema;
    private readonly MigrationEngine _migrations;
    private readonly WalCheckpointer _checkpointer;
    private readonly IngestStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IngestQueue _queue;
    private readonly bool _keepsRollups;
    private readonly TimeSpan _maxGroupAge;
    private readonly Thread _thread;
    private long? _lastTraced;
    private MetricStatements? _statements;
    private volatile Tuple<MaintenanceException, long>? _lastFailure;

    /// <summary>Creates the writer; <see cref="Start"/> starts it.</summary>
    public IngestWriter(
        SqliteDatabase database, ServiceSchema serviceSchema, MigrationEngine migrations, WalCheckpointer checkpointer, IngestStatistics statistics, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestWriter> logger)
    {
        _database = database;
        _serviceSchema = serviceSchema;
        _migrations = migrations;
        _checkpointer = checkpointer;
        _statistics = statistics;
        _time = time;
        _logger = logger;
        _keepsRollups = options.Value.Rollups;
        _maxGroupAge = options.Value.MaxGroupAge;
        _queue = new IngestQueue(options.Value, time);
        _thread = new Thread(Run) { Name = "metrics writer", IsBackground = true };
        statistics.ObserveQueue(() => _queue.Count, () => _queue.Bytes);
    }

    /// <summary>
    /// Why the last group could not be stored, when that was within the last half minute and nothing was stored since; null: no reason to
    /// think that the next one cannot. Producers keep trying, so a failure that lasts is renewed.
    /// </summary>
    public MaintenanceException? RecentFailure => _lastFailure is var (error, at) && _time.GetElapsedTime(at) < FailureMemory ? error : null;

    /// <summary>Starts the writer's thread. Once.</summary>
    public void Start() => _thread.Start();

    /// <summary>Writes what is queued, then ends the thread. What comes later is refused.</summary>
    /// <param name="cancellationToken">Ends the wait; what is queued is then refused too.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Complete();
        await using var hurry = cancellationToken.Register(_stopping.Cancel);
        if (_thread.IsAlive)
            await Task.Run(_thread.Join, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>A producer's stream begins; an earlier one of the same producer is refused from now on.</summary>
    /// <param name="producerId">The producer, checked by the caller.</param>
    /// <param name="description">What it says it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The session for its batches, and where it stands.</returns>
    /// <exception cref="MaintenanceException">The database cannot take metrics now.</exception>
    public async Task<(ProducerSession Session, ProducerState State)> OpenAsync(string producerId, string description, CancellationToken cancellationToken)
    {
        var work = new HelloWork(new ProducerSession(producerId, description), _time.GetTimestamp());
        await _queue.AddAsync(work, cancellationToken).ConfigureAwait(false);
        return (work.Session, await work.Done.WaitAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Queues a batch; waits while the queue is full, which is what slows a fast producer down.</summary>
    /// <param name="session">The producer's stream.</param>
    /// <param name="batch">What to store.</param>
    /// <param name="cancellationToken">Gives up waiting for a place; a queued batch is stored.</param>
    /// <returns>The task of its commit: it fails with <see cref="MaintenanceException"/> when nothing of the batch is stored.</returns>
    public async ValueTask<Task<BatchOutcome>> WriteAsync(ProducerSession session, ValidatedBatch batch, CancellationToken cancellationToken)
    {
        var work = new BatchWork(session, batch, _time.GetTimestamp());
        await _queue.AddAsync(work, cancellationToken).ConfigureAwait(false);
        return work.Done;
    }

    /// <summary>
    /// The database's content was replaced: every stream ends with DATABASE_RESTORED, and its producer learns from its next welcome where it
    /// stands now. Call it while holding the database's write gate, so that nothing is written under the old numbers.
    /// </summary>
    internal void EndStreams() => _sequences.EndAll(static session => new MaintenanceException(
        ErrorKind.Aborted, ErrorReasons.DatabaseRestored, $"The database was replaced by a backup; '{session.ProducerId}' says hello again and goes on where the welcome says.")
    {
        RetryAfter = TimeSpan.FromMilliseconds(100),
    });

    /// <summary>Ends what is left open. After <see cref="StopAsync"/>.</summary>
    public void Dispose()
    {
        _stopping.Dispose();
        _queue.Dispose();
        _statements?.Dispose();
    }

    private void Run()
    {
        // A dedicated thread may block: nothing else runs on it.
        var group = new List<IngestWork>();
        while (_queue.Take(group))
        {
            while (group.Count > 0)
                _queue.Release(group, Write(group));
        }

        Close();
    }

    /// <returns>How many of the group are settled; the others are the next group.</returns>
    private int Write(List<IngestWork> group)
    {
        try
        {
            if (_statements is null)
                EnsureReady();
            var written = new List<IngestWork>(group.Count);
            int settled;
            using (_database.WriteGate.Enter(_stopping.Token))
            {
                // What came while another had its turn would otherwise wait for that one's next turn, too.
                _queue.TakeMore(group);
                settled = Commit(group, written);
                _sequences.Commit();
            }

            _lastFailure = null;
            foreach (var work in written)
                Acknowledge(work);
            _checkpointer.Committed(_statements!.Connection);
            return settled;
        }
        catch (Exception e) when (e is MaintenanceException or SqliteException or OperationCanceledException)
        {
            Undo();
            var error = Explain(e);
            _lastFailure = Tuple.Create(error, _time.GetTimestamp());
            _statistics.FailuresByMinute.Add();
            Log.GroupFailed(_logger, error, group.Count, error.Reason);
            foreach (var work in group)
                work.Fail(error);
        }
        catch (Exception e)
        {
            // The edge of the writer's thread: a defect must not silence ingestion, the producers send again.
            Undo();
            Log.WriterDefect(_logger, e, group.Count);
            foreach (var work in group)
                work.Fail(e);
        }

        return group.Count;
    }

    private int Commit(List<IngestWork> group, List<IngestWork> written)
    {
        var statements = _statements ??= Open();
        var now = SqliteTimestamp.Format(_time.GetUtcNow());
        var begun = _time.GetTimestamp();
        using var span = StatementSpan.Start(_database, InsertSummary, isTraced: IsTraced(begun));
        try
        {
            statements.Begin();
            var settled = 0;
            do
                Apply(group[settled++], statements, now, written);
            while (settled < group.Count && _time.GetElapsedTime(begun) < _maxGroupAge);
            statements.Commit();
            // Somebody may have moved or deleted the file: then the commit went where nobody will look, and must not be acknowledged.
            if (statements.FileHasMoved)
                throw Moved();
            span.SetBatchSize(written.Sum(w => w.Rows));
            return settled;
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
    }

    // Groups are roots: each would be a trace of its own, a hundred a second. One a second shows what they are like.
    private bool IsTraced(long begun)
    {
        if (_lastTraced is { } last && _time.GetElapsedTime(last, begun) < BetweenTraces)
            return false;
        _lastTraced = begun;
        return true;
    }

    private void Apply(IngestWork work, MetricStatements statements, string now, List<IngestWork> written)
    {
        try
        {
            work.Apply(statements, _sequences, now);
            written.Add(work);
        }
        catch (MaintenanceException refused)
        {
            work.Fail(refused);
        }
    }

    private void Acknowledge(IngestWork work)
    {
        var latency = _time.GetElapsedTime(work.ReceivedAt);
        if (work is BatchWork batch)
            _statistics.Committed(batch.Batch, batch.IsDuplicate, latency);
        work.Succeed(latency);
    }

    /// <summary>Before the gate is entered, which preparing the service's own tables does by itself.</summary>
    private void EnsureReady()
    {
        if (!_migrations.GetStatus(_stopping.Token).CanTakeMetrics)
            throw SchemaNotReady(null);
        _serviceSchema.Ensure(mayCreateDatabase: false, _stopping.Token);
    }

    private MetricStatements Open()
    {
        var connection = _database.OpenBulkWriter();
        try
        {
            return new MetricStatements(connection, _keepsRollups);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>After a failure the connection is made anew: the file may have been replaced, the disk remounted, the schema changed.</summary>
    private void Undo()
    {
        _sequences.Rollback();
        try
        {
            _statements?.Rollback();
        }
        catch (SqliteException e)
        {
            Log.RollbackFailed(_logger, e);
        }

        Close();
        _checkpointer.Reopen();
    }

    private void Close()
    {
        _statements?.Dispose();
        _statements = null;
    }

    private MaintenanceException Explain(Exception e)
    {
        const int SqliteError = 1;
        try
        {
            return e switch
            {
                MaintenanceException known => known,
                SqliteException { SqliteErrorCode: SqliteError } when !_migrations.GetStatus(CancellationToken.None).CanTakeMetrics => SchemaNotReady(e),
                SqliteException sqlite => _database.Translate(sqlite, "storing metrics"),
                _ => IngestQueue.Stopping(),
            };
        }
        catch (MaintenanceException other)
        {
            return other;
        }
    }

    private static MaintenanceException SchemaNotReady(Exception? cause) =>
        new(ErrorKind.Unavailable, ErrorReasons.SchemaNotReady, "The database has no table for metrics now: migrate it to 001_add_realtime_tables or later.", cause)
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    private MaintenanceException Moved() =>
        new(ErrorKind.Unavailable, ErrorReasons.DatabaseMissing, $"The database {_database.Path} was moved or deleted while it was in use; what was not acknowledged is not in it.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };
}
