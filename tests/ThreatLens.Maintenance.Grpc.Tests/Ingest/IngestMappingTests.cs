using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>What a batch is said to take of the memory there is for all of them.</summary>
public sealed class IngestMappingTests
{
    [Fact]
    public void ToDomain_texts_of_a_source_report_count_as_those_of_a_sample_do()
    {
        var text = new string('x', 10_000);
        var small = Bytes(new SourceReport());

        Assert.Equal(4 * 2 * 10_000, Bytes(new SourceReport { SourceName = text, Path = text, ErrorMessage = text, PositionToken = text }) - small);
    }

    private static long Bytes(SourceReport report) => new MetricBatch { Sequence = 1, Sources = { report } }.ToDomain().Bytes;
}
