using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

public sealed class StatusTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Status_before_anything_exists_creates_nothing()
    {
        await using var fresh = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");

        var status = await fresh.Maintenance.StatusAsync(new StatusRequest());

        Assert.False(status.DatabaseExists);
        Assert.False(status.UpToDate);
        Assert.False(status.CanTakeMetrics);
        Assert.Equal(("", Versions.Indexes), (status.CurrentVersion, status.LatestVersion));
        Assert.Equal(Versions.All.Select(v => (v, MigrationState.Pending)), status.Migrations.Select(m => (m.Version, m.State)));
        Assert.False(File.Exists(fresh.Database.Path));
    }

    [Fact]
    public async Task Status_of_an_up_to_date_database_says_so()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var status = await _service.Maintenance.StatusAsync(new StatusRequest());

        Assert.True(status is { DatabaseExists: true, UpToDate: true, CanTakeMetrics: true, DatabaseSystem: "sqlite", RunningOperation: null });
        Assert.Equal(_service.Database.Path, status.DatabaseName);
        Assert.Equal((Versions.Indexes, Versions.Indexes), (status.CurrentVersion, status.LatestVersion));
        foreach (var migration in status.Migrations)
        {
            Assert.Equal(MigrationState.Applied, migration.State);
            Assert.Matches("^[0-9a-f]{64}$", migration.ScriptChecksum);
            Assert.Equal(migration.ScriptChecksum, migration.AppliedChecksum);
            Assert.NotEqual("", migration.Description);
            Assert.InRange(TimeProvider.System.GetUtcNow() - migration.ApplyTime.ToDateTimeOffset(), TimeSpan.FromSeconds(-5), TimeSpan.FromMinutes(10));
        }
    }

    [Theory]
    [InlineData(Versions.Core, false)]
    [InlineData(Versions.Tables, true)]
    public async Task Status_of_a_schema_that_is_behind_tells_what_is_pending(string version, bool canTakeMetrics)
    {
        await fixture.BringToAsync(version);

        var status = await _service.Maintenance.StatusAsync(new StatusRequest());

        Assert.False(status.UpToDate);
        Assert.Equal(canTakeMetrics, status.CanTakeMetrics);
        Assert.Equal(
            Versions.All.Select(v => (v, string.CompareOrdinal(v, version) > 0 ? MigrationState.Pending : MigrationState.Applied)),
            status.Migrations.Select(m => (m.Version, m.State)));
        Assert.All(status.Migrations.Where(m => m.State == MigrationState.Pending), m => Assert.True(m is { ApplyTime: null, AppliedChecksum: "" }));
    }

    [Fact]
    public async Task Status_tells_a_changed_script_from_an_applied_one()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var checksum = _service.Database.Scalar($"SELECT checksum FROM schema_migrations WHERE version = '{Versions.Fields}'");
        _service.Database.Execute($"UPDATE schema_migrations SET checksum = '{new string('0', 64)}' WHERE version = '{Versions.Fields}'");
        try
        {
            var status = await _service.Maintenance.StatusAsync(new StatusRequest());

            Assert.False(status.UpToDate);
            Assert.Equal(MigrationState.Changed, status.Migrations.Single(m => m.Version == Versions.Fields).State);
        }
        finally
        {
            _service.Database.Execute($"UPDATE schema_migrations SET checksum = '{checksum}' WHERE version = '{Versions.Fields}'");
        }
    }

    [Fact]
    public async Task Status_names_foreign_and_unknown_versions()
    {
        await fixture.BringToAsync(Versions.Indexes);
        _service.Database.Execute(
            "INSERT INTO schema_migrations(version, description) VALUES ('004_add_auth_audit_tables', 'original'), ('002_something_else', 'who knows')");
        try
        {
            var status = await _service.Maintenance.StatusAsync(new StatusRequest());

            Assert.Equal(MigrationState.KnownForeign, status.Migrations.Single(m => m.Version == "004_add_auth_audit_tables").State);
            Assert.Equal(MigrationState.Unknown, status.Migrations.Single(m => m.Version == "002_something_else").State);
            Assert.Equal(Versions.Indexes, status.CurrentVersion);
            Assert.False(status.UpToDate);
        }
        finally
        {
            _service.Database.Execute("DELETE FROM schema_migrations WHERE version IN ('004_add_auth_audit_tables', '002_something_else')");
        }
    }
}
