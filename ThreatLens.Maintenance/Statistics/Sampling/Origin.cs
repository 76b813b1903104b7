namespace ThreatLens.Maintenance.Statistics.Sampling;

/// <summary>How a figure was obtained.</summary>
public enum OriginKind
{
    /// <summary>Counted or read when it was asked for, from one snapshot.</summary>
    Exact,

    /// <summary>Taken from a rollup kept as the rows were stored.</summary>
    Rollup,

    /// <summary>Estimated; <see cref="Origin.ErrorBound"/> says how well.</summary>
    Estimated,

    /// <summary>Counted earlier, in the background, at <see cref="Origin.At"/>.</summary>
    Sampled,
}

/// <summary>How a figure was obtained, and of when it is.</summary>
/// <param name="Kind">How.</param>
/// <param name="Since">When the counting began, UTC.</param>
/// <param name="At">When it ended, UTC: the figure is of this moment when <paramref name="IsOfOneMoment"/>.</param>
/// <param name="IsOfOneMoment">
/// False: the counting took long, so that it let go of its snapshot on the way, and others wrote meanwhile: what they changed between
/// <paramref name="Since"/> and <paramref name="At"/> may be in the figure or not.
/// </param>
public sealed record Origin(OriginKind Kind, DateTimeOffset Since, DateTimeOffset At, bool IsOfOneMoment = true)
{
    /// <summary>Largest relative error of an estimate, 0 to 1; 0 for all others.</summary>
    public double ErrorBound { get; init; }

    /// <summary>The same figure once somebody keeps it for later.</summary>
    public Origin AsSample() => this with { Kind = Kind == OriginKind.Exact ? OriginKind.Sampled : Kind };
}
