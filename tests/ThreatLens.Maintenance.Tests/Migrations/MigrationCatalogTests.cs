using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

public sealed class MigrationCatalogTests
{
    [Fact]
    public void LoadEmbedded_sqlite_has_the_products_versions_and_descriptions()
    {
        var catalog = MigrationCatalog.LoadEmbedded("Sqlite");

        Assert.Equal(
            [
                ("000_create_core_tables", "Create the core tables for raw logs, events, analyses and reports"),
                ("001_add_realtime_tables", "Add real-time monitoring tables for log sources, metrics, and notifications"),
                ("002_add_realtime_fields", "Add real-time processing fields to events table and create performance indexes"),
                ("003_optimize_realtime_indexes", "Add optimized indexes for real-time monitoring performance"),
            ],
            catalog.Migrations.Select(m => (m.Version.Id, m.Description)));
        Assert.Equal("003_optimize_realtime_indexes", catalog.Latest?.Id);
    }

    [Fact]
    public void LoadEmbedded_unknown_provider_is_an_error() =>
        Assert.Throws<ArgumentException>(() => MigrationCatalog.LoadEmbedded("Oracle"));

    [Theory]
    [InlineData("002_add_realtime_fields")]
    [InlineData("002")]
    [InlineData("2")]
    public void Resolve_version_or_number_finds_it(string version) =>
        Assert.Equal("002_add_realtime_fields", MigrationCatalog.LoadEmbedded("Sqlite").Resolve(version, "target_version").Version.Id);

    [Theory]
    [InlineData("004")]
    [InlineData("002_something_else")]
    [InlineData("")]
    [InlineData("latest")]
    public void Resolve_unknown_version_names_field_and_known_versions(string version)
    {
        var error = Expect.BadField("target_version", () => MigrationCatalog.LoadEmbedded("Sqlite").Resolve(version, "target_version"));

        Assert.Equal(ErrorReasons.UnknownVersion, error.Reason);
        Assert.Contains("003_optimize_realtime_indexes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_orders_by_number()
    {
        var catalog = new MigrationCatalog([Create("10_c"), Create("9_b"), Create("002_a")]);

        Assert.Equal(["002_a", "9_b", "10_c"], catalog.Migrations.Select(m => m.Version.Id));
    }

    [Fact]
    public void Constructor_number_used_twice_is_refused() =>
        Invalid("002_b", () => new MigrationCatalog([Create("002_a"), Create("002_b")]));

    [Fact]
    public void Constructor_bad_down_script_is_refused_by_name() =>
        Invalid("001_a.down.sql, line 2", () => new MigrationCatalog([Create("001_a", down: "SELECT 1;\nSELECT '")]));

    [Fact]
    public void Constructor_up_script_without_statements_is_refused() =>
        Invalid("001_a.up.sql", () => new MigrationCatalog([Create("001_a", up: "-- later")]));

    [Theory]
    [InlineData("001_a.down.sql", "001_a.up.sql", "001_b.down.sql")]
    [InlineData("001_a.down.sql is missing", "001_a.up.sql")]
    [InlineData("001_a.up.sql is missing", "001_a.down.sql")]
    [InlineData("readme.md", "readme.md")]
    [InlineData("1a_b.up.sql", "1a_b.up.sql", "1a_b.down.sql")]
    [InlineData("001.up.sql", "001.up.sql", "001.down.sql")]
    public void FromFiles_incomplete_or_misnamed_is_refused_by_name(string named, params string[] files) =>
        Invalid(named, () => MigrationCatalog.FromFiles(files.ToDictionary(f => f, _ => "SELECT 1;")));

    [Fact]
    public void Create_without_description_takes_the_name() => Assert.Equal("add more things", Create("001_add_more_things").Description);

    internal static Migration Create(string id, string up = "SELECT 1;", string down = "SELECT 1;") =>
        Migration.Create(MigrationVersion.TryParse(id, out var version) ? version : throw new ArgumentException(id), up, down);

    private static void Invalid(string named, Action call) =>
        Assert.Contains(named, Expect.Refusal(ErrorReasons.MigrationInvalid, call).Message, StringComparison.Ordinal);
}
