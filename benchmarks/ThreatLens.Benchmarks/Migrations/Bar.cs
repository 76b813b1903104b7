namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Something that a measurement must not exceed.</summary>
internal sealed record Bar(string What, double Measured, double Limit, string Unit)
{
    public bool IsMet => Measured <= Limit;

    public override string ToString() => FormattableString.Invariant($"{(IsMet ? "met" : "MISS")}  {What}: {Measured:0.000} {Unit}, limit {Limit:0.000} {Unit}");
}
