using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

public sealed class RollbackTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Rollback_without_target_undoes_the_newest_version()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var response = await RollbackAsync(new RollbackRequest());

        Assert.Equal([Versions.Indexes], response.Result.Undone.Select(m => m.Version));
        Assert.Equal((Versions.Indexes, Versions.Fields), (response.Result.FromVersion, response.Result.ToVersion));
        Assert.Equal(response.Result, response.Operation.Rollback);
        Assert.Equal(Versions.Fields, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Rollback_of_a_version_undoes_exactly_that_one()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var response = await RollbackAsync(new RollbackRequest { Version = "003" });

        Assert.Equal([Versions.Indexes], response.Result.Undone.Select(m => m.Version));
    }

    [Fact]
    public async Task Rollback_of_a_version_that_others_stand_on_names_them_and_does_nothing()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var before = _service.Database.Structure();

        var error = await Expect.ErrorAsync(
            StatusCode.FailedPrecondition, ErrorReasons.LaterVersionsApplied, () => RollbackAsync(new RollbackRequest { Version = Versions.Tables }));

        Assert.Contains(Versions.Fields, error.Message, StringComparison.Ordinal);
        Assert.Contains(Versions.Indexes, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, _service.Database.Structure());
    }

    [Theory]
    [InlineData(Versions.Core, new[] { Versions.Indexes, Versions.Fields, Versions.Tables })]
    [InlineData("002", new[] { Versions.Indexes })]
    [InlineData("003", new string[0])]
    public async Task Rollback_to_a_version_undoes_everything_above_it(string floor, string[] expected)
    {
        await fixture.BringToAsync(Versions.Indexes);

        var response = await RollbackAsync(new RollbackRequest { ToVersion = floor });

        Assert.Equal(expected, response.Result.Undone.Select(m => m.Version));
    }

    [Fact]
    public async Task Rollback_of_all_steps_leaves_the_services_own_tables_only()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var response = await RollbackAsync(new RollbackRequest { Steps = 4 });

        Assert.Equal(Versions.All.Reverse(), response.Result.Undone.Select(m => m.Version));
        Assert.Equal((Versions.Indexes, ""), (response.Result.FromVersion, response.Result.ToVersion));
        Assert.Equal(
            [
                "maintenance_cleanups", "maintenance_clock_acceptances", "maintenance_health_samples", "maintenance_holds", "maintenance_integrity_checks", "maintenance_metric_rollups", "maintenance_operations",
                "maintenance_producers", "maintenance_restore_drills", "maintenance_rollup_pending", "maintenance_schedules", "maintenance_schema", "maintenance_source_positions", "maintenance_source_rhythms",
                "schema_migrations",
            ],
            _service.Database.Tables());
    }

    [Fact]
    public async Task Rollback_of_the_core_tables_is_refused_while_one_has_rows()
    {
        await fixture.BringToAsync(Versions.Core);
        _service.Database.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('a', 'b', 'c')");
        try
        {
            await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.RollbackRefused, () => RollbackAsync(new RollbackRequest()));

            Assert.Equal(1L, _service.Database.Scalar("SELECT count(*) FROM raw_logs"));
            Assert.Equal(Versions.Core, await _service.CurrentVersionAsync());
        }
        finally
        {
            _service.Database.Execute("DELETE FROM raw_logs");
        }
    }

    [Fact]
    public async Task Rollback_with_nothing_applied_is_refused()
    {
        await fixture.BringToAsync(null);

        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.VersionNotApplied, () => RollbackAsync(new RollbackRequest()));
    }

    [Fact]
    public async Task Rollback_of_more_steps_than_are_applied_names_the_field()
    {
        await fixture.BringToAsync(Versions.Tables);

        await Expect.BadFieldAsync("steps", () => RollbackAsync(new RollbackRequest { Steps = 3 }));

        Assert.Equal(Versions.Tables, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Rollback_to_a_version_above_the_current_one_names_the_field()
    {
        await fixture.BringToAsync(Versions.Tables);

        await Expect.BadFieldAsync("to_version", () => RollbackAsync(new RollbackRequest { ToVersion = "003" }));
    }

    private async Task<RollbackResponse> RollbackAsync(RollbackRequest request) => await _service.Maintenance.RollbackAsync(request);
}
