using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

public sealed class MigrateTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Migrate_without_target_applies_everything_in_order()
    {
        await fixture.BringToAsync(null);

        var response = await _service.Maintenance.MigrateAsync(new MigrateRequest());

        Assert.Equal(MigrateResponse.OutcomeOneofCase.Result, response.OutcomeCase);
        Assert.Equal(("", Versions.Indexes), (response.Result.FromVersion, response.Result.ToVersion));
        Assert.Equal(Versions.All, response.Result.Applied.Select(m => m.Version));
        Assert.All(response.Result.Applied, m => Assert.True(m.Statements > 0 && m.Duration.ToTimeSpan() > TimeSpan.Zero));
        Assert.Equal(response.Result, response.Operation.Migrate);
        Assert.Equal(OperationState.Succeeded, response.Operation.State);
        Assert.Equal(Versions.All, _service.Database.Lines("SELECT version FROM schema_migrations ORDER BY version"));
        Assert.Equal([response.Operation.Id], _service.Database.Lines("SELECT DISTINCT operation_id FROM schema_migrations"));
    }

    [Theory]
    [InlineData(Versions.Tables)]
    [InlineData("001")]
    public async Task Migrate_to_a_target_stops_there(string target)
    {
        await fixture.BringToAsync(null);

        var response = await _service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = target });

        Assert.Equal([Versions.Core, Versions.Tables], response.Result.Applied.Select(m => m.Version));
        Assert.Equal(Versions.Tables, await _service.CurrentVersionAsync());
        Assert.DoesNotContain("realtime_processed", _service.Database.Lines("SELECT name FROM pragma_table_info('events')"));
    }

    [Fact]
    public async Task Migrate_with_nothing_pending_succeeds_and_applies_nothing()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var structure = _service.Database.Structure();

        var response = await _service.Maintenance.MigrateAsync(new MigrateRequest());

        Assert.Empty(response.Result.Applied);
        Assert.Equal((Versions.Indexes, Versions.Indexes), (response.Result.FromVersion, response.Result.ToVersion));
        Assert.Equal(structure, _service.Database.Structure());
    }

    [Fact]
    public async Task Migrate_to_a_target_below_the_current_version_names_the_field()
    {
        await fixture.BringToAsync(Versions.Indexes);

        await Expect.BadFieldAsync("target_version", async () => await _service.Maintenance.MigrateAsync(new MigrateRequest { TargetVersion = "001" }));

        Assert.Equal(Versions.Indexes, await _service.CurrentVersionAsync());
    }

    [Fact]
    public async Task Migrate_up_down_and_up_again_ends_with_the_same_schema()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var before = _service.Database.Structure();

        var down = await _service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001" });
        Assert.Equal([Versions.Indexes, Versions.Fields], down.Result.Undone.Select(m => m.Version));
        Assert.NotEqual(before, _service.Database.Structure());
        var up = await _service.Maintenance.MigrateAsync(new MigrateRequest());

        Assert.Equal([Versions.Fields, Versions.Indexes], up.Result.Applied.Select(m => m.Version));
        Assert.Equal(before, _service.Database.Structure());
    }

    [Fact]
    public async Task Migrate_with_a_script_that_fails_names_the_operation_and_leaves_the_version_before()
    {
        await fixture.BringToAsync(Versions.Tables);
        // An index of that name on another column is fine for IF NOT EXISTS; a table of that name is not.
        _service.Database.Execute("CREATE TABLE idx_events_realtime_processed(x)");
        try
        {
            var error = await Expect.ErrorAsync(
                StatusCode.FailedPrecondition, ErrorReasons.MigrationFailed, async () => await _service.Maintenance.MigrateAsync(new MigrateRequest()));

            Assert.Equal(Versions.Fields, error.Metadata["version"]);
            var operation = (await _service.Maintenance.GetOperationAsync(new GetOperationRequest { OperationId = error.OperationId })).Operation;
            Assert.Equal(OperationState.Failed, operation.State);
            Assert.Equal((9, ErrorReasons.MigrationFailed), (operation.Error.Code, operation.Error.Reason));
            Assert.Equal(Versions.Tables, await _service.CurrentVersionAsync());
            Assert.DoesNotContain("realtime_processed", _service.Database.Lines("SELECT name FROM pragma_table_info('events')"));
        }
        finally
        {
            _service.Database.Execute("DROP TABLE idx_events_realtime_processed");
        }
    }
}
