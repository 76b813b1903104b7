using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Optimization.Indexes;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Tests.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>Advice on the product's own schema with rows in it.</summary>
public sealed class IndexAdvisorTests : SqliteMigrationTestBase
{
    private const string Lacking = "SELECT id FROM processing_metrics WHERE metric_value = $metric_value ORDER BY timestamp";

    public IndexAdvisorTests()
    {
        Engine().Migrate(new MigrateCommand());
        File.Execute("""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp)
            SELECT 'source-' || (i % 20), 'type-' || (i % 6), i, datetime(1750000000 + i, 'unixepoch') || '.000000' FROM n;
            INSERT INTO log_sources(source_name, path) VALUES ('a', 'b');
            """);
    }

    [Fact]
    public void Advise_finds_what_constraints_and_longer_indexes_already_do()
    {
        var before = File.Snapshot();

        var advice = Advisor().Advise(refresh: false);

        Assert.Equal(
            [
                "Duplicate idx_log_sources_name", "Duplicate idx_log_sources_path", "RedundantPrefix idx_ai_analysis_severity", "RedundantPrefix idx_events_category",
                "RedundantPrefix idx_events_timestamp", "RedundantPrefix idx_log_sources_enabled", "RedundantPrefix idx_processing_metrics_source",
            ],
            advice.Where(a => a.Kind is IndexAdviceKind.Duplicate or IndexAdviceKind.RedundantPrefix).Select(a => $"{a.Kind} {a.Index}").Order(StringComparer.Ordinal));
        Assert.Contains(advice, a => a is { Kind: IndexAdviceKind.Unused, Index: "idx_processing_metrics_type", IndexBytes: > 100_000 });
        Assert.DoesNotContain(advice, a => a.Index is "idx_processing_metrics_timestamp" or "idx_processing_metrics_source_type_time");
        Assert.All(advice, a => Assert.InRange(a.IngestCost, 0, 1));
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Advise_shows_that_a_query_lacks_an_index_until_its_migration_is_applied()
    {
        var advisor = Advisor(Lacking);

        var advice = Assert.Single(advisor.Advise(refresh: false), a => a.Kind == IndexAdviceKind.Missing);

        Assert.Equal(("processing_metrics", Lacking, "idx_processing_metrics_metric_value_timestamp"), (advice.Table, advice.Query, advice.Index));
        Assert.Contains("SCAN processing_metrics", advice.PlanBefore, StringComparison.Ordinal);
        Assert.Contains("idx_processing_metrics_metric_value_timestamp", advice.PlanAfter, StringComparison.Ordinal);
        Assert.True(advice.IndexBytes > 100_000);
        Assert.DoesNotContain("idx_processing_metrics_metric_value_timestamp", File.Indexes());

        File.Execute(advice.MigrationSql);

        Assert.Same(advice, advisor.Advise(refresh: false).Single(a => a.Kind == IndexAdviceKind.Missing));
        Assert.DoesNotContain(advisor.Advise(refresh: true), a => a.Kind == IndexAdviceKind.Missing);
        Assert.DoesNotContain(advisor.Advise(refresh: false), a => a.Index == "idx_processing_metrics_metric_value_timestamp");
    }

    [Fact]
    public void Advise_of_redundant_indexes_ends_with_their_migrations_and_plans_stay_as_fast()
    {
        var advisor = Advisor();
        foreach (var advice in advisor.Advise(refresh: false).Where(a => a.Kind is IndexAdviceKind.Duplicate or IndexAdviceKind.RedundantPrefix))
        {
            Assert.True(advice.Query.Length == 0 || advice.PlanAfter.Contains("SEARCH", StringComparison.Ordinal), advice.PlanAfter);
            File.Execute(advice.MigrationSql);
        }

        Assert.DoesNotContain(advisor.Advise(refresh: true), a => a.Kind is IndexAdviceKind.Duplicate or IndexAdviceKind.RedundantPrefix);
    }

    [Theory]
    [InlineData("DELETE FROM events", "no SELECT")]
    [InlineData("", "no SELECT")]
    [InlineData("SELECT 1; DROP TABLE events", "more than one")]
    [InlineData("SELECT nothing FROM events", "nothing")]
    [InlineData("SELECT 1 FROM nowhere", "nowhere")]
    public void Advise_with_a_configured_text_that_is_no_query_names_it(string query, string why)
    {
        var error = Expect.Refusal(ErrorReasons.DatabaseConfigurationInvalid, () => Advisor("SELECT 1", query).Advise(refresh: false));

        Assert.Contains("Maintenance:Optimization:Queries:1", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    private IndexAdvisor Advisor(params string[] queries)
    {
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = new SqliteConnectionStringBuilder { DataSource = File.Path }.ToString() }, TimeProvider.System);
        return new IndexAdvisor(database, new DatabaseSizeReader(database, TimeProvider.System), Options.Create(new OptimizationOptions { Queries = queries }), TimeProvider.System);
    }
}
