using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
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
    private readonly CancellationTokenSource _stopping = new();
    private readonly ProducerSequences _sequences = new();
    private readonly IngestStatistics _statistics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IngestQueue _queue;
    private readonly GroupWriter _groups;
    private readonly IngestFailures _failures;
    private readonly IdleProducers _idle;
    private readonly Thread _thread;

    /// <summary>Creates the writer; <see cref="Start"/> starts it.</summary>
    public IngestWriter(
        SqliteDatabase database, ServiceSchema serviceSchema, MigrationEngine migrations, WalCheckpointer checkpointer, IngestStatistics statistics, IOptions<IngestOptions> options, TimeProvider time, ILogger<IngestWriter> logger)
    {
        _statistics = statistics;
        _time = time;
        _logger = logger;
        _queue = new IngestQueue(options.Value, time);
        _groups = new GroupWriter(database, serviceSchema, migrations, checkpointer, _sequences, _queue, options.Value, logger);
        _failures = new IngestFailures(database, migrations);
        _idle = new IdleProducers(options.Value.ProducerRetention, time);
        _thread = new Thread(Run) { Name = "metrics writer", IsBackground = true };
        statistics.ObserveQueue(() => _queue.Count, () => _queue.Bytes);
    }

    /// <summary>
    /// Why the last group could not be stored, when that was within the last half minute and nothing was stored since; null: no reason to
    /// think that the next one cannot. Producers keep trying, so a failure that lasts is renewed.
    /// </summary>
    public MaintenanceException? RecentFailure => _failures.Recent;

    /// <summary>Producers that are remembered; see <see cref="ProducerSequences.Count"/>.</summary>
    internal int RememberedProducers => _sequences.Count;

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
        var work = new HelloWork(new ProducerSession(producerId, description), _time.GetTimestamp(), _idle.Since());
        try
        {
            await _queue.AddAsync(work, cancellationToken).ConfigureAwait(false);
            return (work.Session, await work.Done.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            // Its hello may be written all the same, with nobody behind it.
            work.Session.Leave();
            throw;
        }
    }

    /// <inheritdoc cref="WriteAsync(ProducerSession, ValidatedBatch, UnreadAcknowledgements.Place, CancellationToken)"/>
    public ValueTask<Task<BatchOutcome>> WriteAsync(ProducerSession session, ValidatedBatch batch, CancellationToken cancellationToken) =>
        WriteAsync(session, batch, null, cancellationToken);

    /// <summary>Queues a batch; waits while the queue is full, which is what slows a fast producer down.</summary>
    /// <param name="session">The producer's stream.</param>
    /// <param name="batch">What to store.</param>
    /// <param name="place">Room for what is rejected of it, from <see cref="UnreadAcknowledgements"/>; null: nobody counts it.</param>
    /// <param name="cancellationToken">Gives up waiting for a place; a queued batch is stored.</param>
    /// <returns>The task of its commit: it fails with <see cref="MaintenanceException"/> when nothing of the batch is stored.</returns>
    public async ValueTask<Task<BatchOutcome>> WriteAsync(ProducerSession session, ValidatedBatch batch, UnreadAcknowledgements.Place? place, CancellationToken cancellationToken)
    {
        var work = new BatchWork(session, batch, _time.GetTimestamp(), place);
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
        _groups.Dispose();
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

        _groups.Dispose();
    }

    /// <returns>How many of the group are settled; the others are the next group.</returns>
    private int Write(List<IngestWork> group)
    {
        try
        {
            var written = new List<IngestWork>(group.Count);
            var settled = _groups.Write(group, written, _stopping.Token);
            _failures.Forget();
            foreach (var work in written)
                Acknowledge(work);
            _groups.TellCheckpointer();
            return settled;
        }
        catch (Exception e) when (e is MaintenanceException or SqliteException or OperationCanceledException)
        {
            _groups.Undo();
            var error = _failures.Remember(e);
            _statistics.FailuresByMinute.Add();
            Log.GroupFailed(_logger, error, group.Count, error.Reason);
            foreach (var work in group)
                work.Fail(error);
        }
        catch (Exception e)
        {
            // The edge of the writer's thread: a defect must not silence ingestion, the producers send again.
            _groups.Undo();
            Log.WriterDefect(_logger, e, group.Count);
            foreach (var work in group)
                work.Fail(e);
        }

        return group.Count;
    }

    private void Acknowledge(IngestWork work)
    {
        var latency = _time.GetElapsedTime(work.ReceivedAt);
        if (work is BatchWork batch)
            _statistics.Committed(batch, latency);
        work.Succeed(latency);
    }
}
