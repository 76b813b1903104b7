using System.CommandLine;

namespace ThreatLens.Benchmarks.Ingest;

/// <summary>Metrics end to end, beside what SQLite can do in process.</summary>
internal static class IngestBenchmark
{
    public static Command Command() => new("ingest", "Acknowledged samples a second, end to end, beside a raw writer, EF Core and an INSERT per row.");
}
