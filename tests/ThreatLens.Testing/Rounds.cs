using System.Globalization;

namespace ThreatLens.Testing;

/// <summary>How often fault tests repeat themselves.</summary>
public static class Rounds
{
    /// <summary>From <c>THREATLENS_TEST_ROUNDS</c>; 5 when that is not set.</summary>
    public static int Count { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("THREATLENS_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) && rounds > 0 ? rounds : 5;
}
