using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>What a sample's origin means to a figure of the report, and when a sample is too old to be worth anything.</summary>
internal static class SampleAge
{
    /// <summary>No sample is too old before that.</summary>
    public static readonly TimeSpan AlwaysFresh = TimeSpan.FromMinutes(15);
    private const int Rounds = 200;

    /// <summary>The same figure, as its sample obtained it.</summary>
    public static HealthFigure From(this HealthFigure figure, Origin origin)
    {
        var obtained = origin.Kind switch
        {
            OriginKind.Rollup => figure.Kept(origin.At),
            OriginKind.Estimated => figure.Within(origin.ErrorBound) with { SampledAt = origin.At },
            _ => figure.At(origin.At),
        };
        return origin.IsOfOneMoment ? obtained : obtained with { CountedSince = origin.Since };
    }

    /// <summary>Samples that could not be renewed for long say nothing of now.</summary>
    /// <param name="age">Of the sample.</param>
    /// <param name="cost">How long taking it took: those of large databases are taken less often.</param>
    /// <param name="interval">How often it is to be taken: who wants that seldom has said how old it may be, and one round may come late.</param>
    public static HealthStatus StatusOf(TimeSpan age, TimeSpan cost, TimeSpan interval) =>
        age <= AlwaysFresh || age <= cost * Rounds || age <= interval * 2 ? HealthStatus.Ok : HealthStatus.Unknown;

    /// <summary>A window's name: <c>last 24 h</c>.</summary>
    public static string Window(TimeSpan length) => FormattableString.Invariant($"last {length.TotalHours:0.#} h");
}
