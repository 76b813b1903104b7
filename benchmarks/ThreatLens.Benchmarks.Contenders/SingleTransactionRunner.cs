using Microsoft.Data.Sqlite;

namespace ThreatLens.Benchmarks.Contenders;

/// <summary>The limit where all migrations stand or fall together.</summary>
internal sealed class SingleTransactionRunner : MinimalRunner
{
    public override string Name => LineUp.SingleTransaction;

    protected override void Apply(SqliteConnection connection, IReadOnlyList<Script> pending)
    {
        BenchmarkFile.Execute(connection, "BEGIN IMMEDIATE");
        foreach (var script in pending)
            Apply(connection, script);
        BenchmarkFile.Execute(connection, "COMMIT");
    }
}
