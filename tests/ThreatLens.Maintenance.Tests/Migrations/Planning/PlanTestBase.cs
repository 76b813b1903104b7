using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Tests.Migrations.Planning;

/// <summary>Migrations made for one test, on a file.</summary>
public abstract class PlanTestBase : SqliteMigrationTestBase
{
    private protected const string Filled =
        """
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER, c TEXT);
        INSERT INTO t VALUES (1, 'x', 1, NULL), (2, 'y', 0, 'c2'), (3, NULL, 1, 'c3');
        CREATE TABLE other (id INTEGER PRIMARY KEY, n INTEGER);
        INSERT INTO other VALUES (1, 10), (2, 20);
        """;

    /// <summary>An engine whose one migration after the base is this.</summary>
    private protected MigrationEngine With(string up, string down = "SELECT 1;", MigrationOptions? options = null) =>
        With([MigrationCatalogTests.Create("002_next", up, down)], options);

    private protected MigrationEngine With(IEnumerable<Migration> next, MigrationOptions? options = null) => new(
        new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}", BusyTimeout = TimeSpan.FromSeconds(1) }, TimeProvider.System),
        new MigrationCatalog([MigrationCatalogTests.Create("001_base", Filled, "DROP TABLE t; DROP TABLE other;"), .. next]),
        TimeProvider.System,
        Microsoft.Extensions.Logging.Abstractions.NullLogger<MigrationEngine>.Instance,
        options is null ? null : Microsoft.Extensions.Options.Options.Create(options));

    /// <summary>The base and its rows.</summary>
    private protected void Base() => With([]).Migrate(new MigrateCommand());

    private protected static IEnumerable<string> Losses(MigrationPlan plan) => plan.Losses.Select(l => $"{l.Table}.{l.Column} {l.Values}/{l.Rows}");
}
