using System.CommandLine;
using ThreatLens.Benchmarks.Health;
using ThreatLens.Benchmarks.Ingest;
using ThreatLens.Benchmarks.Ingest.Client;
using ThreatLens.Benchmarks.Migrations;
using ThreatLens.Benchmarks.Retention;

var root = new RootCommand("Measures what README and docs/decisions claim, beside its peers, in one run. Build with -c Release.");
root.Subcommands.Add(MigrationsBenchmark.Command());
root.Subcommands.Add(IngestBenchmark.Command());
root.Subcommands.Add(LoadCommand.Command());
root.Subcommands.Add(RetentionBenchmark.Command());
root.Subcommands.Add(HealthBenchmark.Command());
return await root.Parse(args).InvokeAsync();
