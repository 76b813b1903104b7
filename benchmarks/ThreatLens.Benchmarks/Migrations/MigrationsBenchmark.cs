using System.CommandLine;

namespace ThreatLens.Benchmarks.Migrations;

/// <summary>Applying the same migrations, fresh and as a no-op, beside other tools.</summary>
internal static class MigrationsBenchmark
{
    public static Command Command() => new("migrations", "The product's migrations beside FluentMigrator, DbUp, Evolve, EF Core and a minimal runner.");
}
