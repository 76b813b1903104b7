using ThreatLens.Maintenance.V1;

namespace ThreatLens.Ingest.Sample.Watching;

/// <summary>What one source adds to a batch; never divided, so that its metrics and the position they reach commit together.</summary>
/// <param name="Samples">Its metrics; none when it was not measured.</param>
/// <param name="Report">How it stands.</param>
internal sealed record SourceSlice(IReadOnlyList<MetricSample> Samples, SourceReport Report);

/// <summary>Puts slices into batches that the service takes.</summary>
internal static class SliceBatches
{
    private const int MostReports = 1000;

    /// <summary>As few batches as the bounds allow; none for no slices.</summary>
    /// <param name="slices">What was measured.</param>
    /// <param name="maxSamples">Most samples of a batch; a bound below the samples of one source cannot be kept.</param>
    public static IEnumerable<MetricBatch> Pack(IEnumerable<SourceSlice> slices, int maxSamples)
    {
        var batch = new MetricBatch();
        foreach (var slice in slices)
        {
            if (batch.Sources.Count == MostReports || (batch.Sources.Count > 0 && batch.Samples.Count + slice.Samples.Count > maxSamples))
            {
                yield return batch;
                batch = new MetricBatch();
            }
            batch.Samples.Add(slice.Samples);
            batch.Sources.Add(slice.Report);
        }
        if (batch.Sources.Count > 0)
            yield return batch;
    }
}
