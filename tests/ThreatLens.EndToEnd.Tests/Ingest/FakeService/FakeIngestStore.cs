using System.Text.Json;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.EndToEnd.Tests.Ingest.FakeService;

/// <summary>What a database would hold; outlives the servers that use it. Thread-safe.</summary>
public sealed class FakeIngestStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _sequences = [];
    private readonly Dictionary<string, Dictionary<string, SourcePosition>> _positions = [];
    private readonly Dictionary<string, object> _streams = [];
    private readonly List<MetricBatch> _batches = [];

    public IReadOnlyList<MetricBatch> Batches
    {
        get { lock (_lock) return [.. _batches]; }
    }

    public long LastSequence(string producer)
    {
        lock (_lock)
            return _sequences.GetValueOrDefault(producer);
    }

    /// <summary>
    /// A stream begins where the producer stands at this moment. Nothing is taken from then on of the streams before it, which may still be at work
    /// on what they received: its batch would be taken for theirs.
    /// </summary>
    public (long LastSequence, IReadOnlyList<SourcePosition> Positions) Begin(string producer, object stream)
    {
        lock (_lock)
        {
            _streams[producer] = stream;
            return (_sequences.GetValueOrDefault(producer), _positions.TryGetValue(producer, out var positions) ? [.. positions.Values.Select(position => position.Clone())] : []);
        }
    }

    /// <summary>True when it is new; false for a duplicate; null for a gap, and when the producer has begun another stream.</summary>
    public bool? Commit(string producer, object stream, MetricBatch batch)
    {
        lock (_lock)
        {
            var last = _sequences.GetValueOrDefault(producer);
            if (_streams.GetValueOrDefault(producer) != stream || batch.Sequence > last + 1)
                return null;
            if (batch.Sequence <= last)
                return false;
            Keep(producer, batch);
            return true;
        }
    }

    /// <summary>Goes back to how it was after so many batches, as a restored database does.</summary>
    public void RestoreTo(string producer, int batches)
    {
        lock (_lock)
        {
            List<MetricBatch> kept = [.. _batches.Take(batches)];
            _batches.Clear();
            _sequences.Clear();
            _positions.Clear();
            _streams.Clear();
            foreach (var batch in kept)
                Keep(producer, batch);
        }
    }

    /// <summary>A count in the metadata of lines_per_second, summed over everything stored.</summary>
    public long Total(string sourceName, string count = "lines")
    {
        return Batches.SelectMany(batch => batch.Samples)
            .Where(sample => sample.SourceName == sourceName && sample.MetricMetadata.Length > 0)
            .Sum(sample => JsonDocument.Parse(sample.MetricMetadata).RootElement.GetProperty(count).GetInt64());
    }

    /// <summary>The last report of a source; null when there is none.</summary>
    public SourceReport? Report(string path) =>
        Batches.SelectMany(batch => batch.Sources).LastOrDefault(report => report.Path == path);

    private void Keep(string producer, MetricBatch batch)
    {
        _sequences[producer] = batch.Sequence;
        _batches.Add(batch);
        _positions.TryAdd(producer, []);
        foreach (var report in batch.Sources)
        {
            _positions[producer][report.Path] = new SourcePosition
            {
                SourceName = report.SourceName,
                Path = report.Path,
                Offset = report.Offset,
                PositionToken = report.PositionToken,
            };
        }
    }
}
