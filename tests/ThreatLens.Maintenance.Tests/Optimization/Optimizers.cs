using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>The code under test, put together with its defaults.</summary>
internal static class Optimizers
{
    public static OptimizePlanner Planner(SqliteDatabase database) =>
        new(database, new DatabaseSizeReader(database, TimeProvider.System), Options.Create(new OptimizationOptions()));

    /// <summary>Its checkpoints end with the process.</summary>
    public static Optimizer Of(SqliteDatabase database) =>
        new(database, Planner(database), new WalCheckpointer(database, NullLogger<WalCheckpointer>.Instance), Options.Create(new OptimizationOptions()), NullLogger<Optimizer>.Instance);

    /// <summary>For those who do not care how far it is.</summary>
    public static void Ignore(string message, long completed, long total, string unit)
    {
    }
}
