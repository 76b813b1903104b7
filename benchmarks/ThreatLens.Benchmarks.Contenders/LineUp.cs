namespace ThreatLens.Benchmarks.Contenders;

/// <summary>All that take part.</summary>
internal static class LineUp
{
    public const string Minimal = "minimal";
    public const string ThreatLens = "threatlens";
    public const string DbUp = "dbup";
    public const string SingleTransaction = "minimal-1tx";

    /// <summary>The peers: what ours must not be slower than.</summary>
    public static IReadOnlyList<string> Peers { get; } = [DbUp, "evolve", "efcore", "fluentmigrator"];

    public static IReadOnlyList<string> All { get; } = [Minimal, SingleTransaction, ThreatLens, .. Peers];

    /// <summary>By name; only the one asked for is loaded, which a cold process relies on.</summary>
    public static IContender Find(string name) => name switch
    {
        Minimal => new MinimalRunner(),
        SingleTransaction => new SingleTransactionRunner(),
        ThreatLens => new ThreatLensRunner(),
        DbUp => new DbUpRunner(),
        "evolve" => new EvolveRunner(),
        "efcore" => new EfCoreRunner(),
        "fluentmigrator" => new FluentMigratorRunner(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such contender."),
    };
}
