using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>A seed for each round of a fault test.</summary>
public static class FaultSeeds
{
    public static IEnumerable<TheoryDataRow<int>> All => Enumerable.Range(1, Rounds.Count).Select(seed => new TheoryDataRow<int>(seed));
}
