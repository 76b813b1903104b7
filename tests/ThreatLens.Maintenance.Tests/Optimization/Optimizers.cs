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
    /// <param name="database">Where.</param>
    /// <param name="command">What.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="ingest">What the metrics writer tells of itself; null: nobody writes.</param>
    public static OptimizeResult Run(
        SqliteDatabase database, OptimizeCommand command, Action<string, long, long, string> progress, CancellationToken cancellationToken = default, IngestStatistics? ingest = null)
    {
        using var checkpointer = new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance);
        return new Optimizer(database, Planner(database), checkpointer, ingest ?? new IngestStatistics(TimeProvider.System), Options.Create(new OptimizationOptions()), NullLogger<Optimizer>.Instance).Run(command, progress, cancellationToken);
    }

    /// <summary>For those who do not care how far it is.</summary>
    public static void Ignore(string message, long completed, long total, string unit)
    {
    }
}
