using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// Writes groups of work, a transaction each, over a connection that is kept as long as all goes well. For the writer's thread only.
/// </summary>
internal sealed class GroupWriter(
    SqliteDatabase database, ServiceSchema serviceSchema, MigrationEngine migrations, WalCheckpointer checkpointer, ProducerSequences sequences, IngestQueue queue, IngestOptions options, ILogger logger) : IDisposable
{
    private static readonly TimeSpan BetweenTraces = TimeSpan.FromSeconds(1);
    private static readonly SqlSummary InsertSummary = SqlSummary.Of(MetricStatements.InsertMetric);
    private readonly TimeProvider _time = database.Time;
    private long? _lastTraced;
    private MetricStatements? _statements;

    /// <summary>
    /// Writes the first of a group, as many as its age allows but one at least, and commits. Waits at the gate while somebody else writes.
    /// Whatever it throws, nothing is stored; <see cref="Undo"/> follows.
    /// </summary>
    /// <param name="group">Not empty; gets what has come meanwhile, if there is room.</param>
    /// <param name="written">Empty; gets those that are stored. Those that are refused have failed already.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>How many are settled; the others are the next group.</returns>
    public int Write(List<IngestWork> group, List<IngestWork> written, CancellationToken cancellationToken)
    {
        checkpointer.Works();
        if (_statements is null)
            EnsureReady(cancellationToken);
        using var turn = database.WriteGate.Enter(cancellationToken);
        // What came while another had its turn would otherwise wait for that one's next turn, too.
        queue.TakeMore(group);
        try
        {
            var settled = Commit(group, written);
            sequences.Commit();
            return settled;
        }
        catch
        {
            // Within the turn: nobody of this process writes before the connection is gone.
            Close();
            throw;
        }
    }

    /// <summary>Tells the checkpoints of the last commit, and whether more waits; what is acknowledged first need not wait for that.</summary>
    public void TellCheckpointer()
    {
        checkpointer.Committed(_statements!.Connection);
        if (queue.Count == 0)
            checkpointer.Rests();
    }

    /// <summary>After a failure the connection is made anew: the file may have been replaced, the disk remounted, the schema changed.</summary>
    public void Undo()
    {
        sequences.Rollback();
        checkpointer.Rests();
        Close();
        checkpointer.Reopen();
    }

    /// <summary>Closes the connection; the next group opens another.</summary>
    public void Dispose()
    {
        _statements?.Dispose();
        _statements = null;
    }

    private void Close()
    {
        try
        {
            _statements?.Rollback();
        }
        catch (SqliteException e)
        {
            Log.RollbackFailed(logger, e);
        }

        Dispose();
    }

    private int Commit(List<IngestWork> group, List<IngestWork> written)
    {
        var statements = _statements ??= Open();
        var now = SqliteTimestamp.Format(_time.GetUtcNow());
        var begun = _time.GetTimestamp();
        using var span = StatementSpan.Start(database, InsertSummary, isTraced: IsTraced(begun));
        try
        {
            statements.Begin();
            var settled = 0;
            do
                Apply(group[settled++], statements, now, written);
            while (settled < group.Count && _time.GetElapsedTime(begun) < options.MaxGroupAge);
            statements.Commit();
            // Somebody may have moved or deleted the file: then the commit went where nobody will look, and must not be acknowledged.
            if (statements.FileHasMoved)
                throw IngestFailures.Moved(database);
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
            work.Apply(statements, sequences, now);
            written.Add(work);
        }
        catch (MaintenanceException refused)
        {
            work.Fail(refused);
        }
    }

    /// <summary>Before the gate is entered, which preparing the service's own tables does by itself.</summary>
    private void EnsureReady(CancellationToken cancellationToken)
    {
        if (!migrations.GetStatus(cancellationToken).CanTakeMetrics)
            throw IngestFailures.SchemaNotReady(null);
        serviceSchema.Ensure(mayCreateDatabase: false, cancellationToken);
    }

    private MetricStatements Open()
    {
        var connection = database.OpenBulkWriter();
        try
        {
            return new MetricStatements(connection, options.Rollups);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
