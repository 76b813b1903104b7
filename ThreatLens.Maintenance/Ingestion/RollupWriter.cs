using Microsoft.Data.Sqlite;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// Keeps the rollups up while a group of batches is written: sums up in memory, and writes one row for every source, type and minute that
/// the group touched, just before its commit. For the writer's thread only.
/// </summary>
internal sealed class RollupWriter(SqliteConnection connection) : IDisposable
{
    private readonly RollupTable _table = new(connection);
    private readonly RollupDeltas _deltas = new();
    private long _firstId;
    private long _lastId;
    private bool _isEmpty = true;
    private bool _isContiguous = true;

    /// <summary>A row was inserted.</summary>
    public void Add(in MetricRow row, long id)
    {
        if (_isEmpty)
            _firstId = id;
        else
            _isContiguous &= id == _lastId + 1;
        (_lastId, _isEmpty) = (id, false);
        _deltas.Add(row.SourceName, row.MetricType, row.MetricValue, row.Timestamp, id);
    }

    /// <summary>Writes what has been added; the last thing in the transaction.</summary>
    public void Write()
    {
        if (_isEmpty)
            return;
        if (_isContiguous)
        {
            RollupLedger.Cover(connection, _firstId, _lastId);
            _table.Add(_deltas);
        }
        else
        {
            // A row has the last id there can be, and SQLite now picks free ones at random: no range says what is summed up.
            RollupLedger.Restart(connection);
        }

        Forget();
    }

    /// <summary>The transaction is over.</summary>
    public void Forget()
    {
        _deltas.Clear();
        (_isEmpty, _isContiguous) = (true, true);
    }

    public void Dispose() => _table.Dispose();
}
