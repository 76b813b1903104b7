using System.Globalization;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>How often repeated fault tests repeat: THREATLENS_TEST_ROUNDS, 5 when it is not set.</summary>
public static class TestRounds
{
    public static int Count { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("THREATLENS_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) && rounds > 0 ? rounds : 5;

    public static IEnumerable<TheoryDataRow<int>> Seeds => Enumerable.Range(1, Count).Select(seed => new TheoryDataRow<int>(seed));
}
