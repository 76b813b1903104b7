using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>The code under test, put together with its defaults.</summary>
internal static class Optimizers
{
    public static OptimizePlanner Planner(SqliteDatabase database) =>
        new(database, new DatabaseSizeReader(database, TimeProvider.System), Options.Create(new OptimizationOptions()));

    /// <summary>Runs it with checkpoints of its own, which end with it.</summary>
    public static OptimizeResult Run(SqliteDatabase database, OptimizeCommand command, Action<string, long, long, string> progress, CancellationToken cancellationToken = default)
    {
        using var checkpointer = new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance);
        return new Optimizer(database, Planner(database), checkpointer, new IngestStatistics(TimeProvider.System), Options.Create(new OptimizationOptions()), NullLogger<Optimizer>.Instance).Run(command, progress, cancellationToken);
    }

    /// <summary>For those who do not care how far it is.</summary>
    public static void Ignore(string message, long completed, long total, string unit)
    {
    }
}
