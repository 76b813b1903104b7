using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

public sealed class DriftTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    [Fact]
    public async Task Validate_of_a_schema_as_migrated_is_valid()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var response = await _service.Maintenance.ValidateAsync(new ValidateRequest());

        Assert.True(response.Valid);
        Assert.Empty(response.Differences);
        Assert.Empty(response.Findings);
    }

    [Fact]
    public async Task Repair_as_planned_mends_what_Validate_finds_and_is_an_operation()
    {
        await fixture.BringToAsync(Versions.Indexes);
        _service.Database.Execute("DROP INDEX idx_reports_date; DROP TABLE monitoring_config");
        var found = await _service.Maintenance.ValidateAsync(new ValidateRequest());
        Assert.False(found.Valid);
        Assert.Equal(
            [
                ("table", "monitoring_config", SchemaDifferenceKind.Missing, SchemaDifferenceSeverity.Error),
                ("index", "idx_reports_date", SchemaDifferenceKind.Missing, SchemaDifferenceSeverity.Warning),
            ],
            found.Differences.Select(d => (d.ObjectType, d.ObjectName, d.Kind, d.Severity)));

        var planned = await _service.Maintenance.RepairAsync(new RepairRequest { ValidateOnly = true });

        Assert.Null(planned.Operation);
        Assert.Equal(found.Differences, planned.Plan.Differences);
        Assert.Equal(found.Differences.Select(d => d.RemedySql), planned.Plan.Statements.Select(s => s.Sql));
        Assert.DoesNotContain("idx_reports_date", _service.Database.Indexes());

        var repaired = await _service.Maintenance.RepairAsync(new RepairRequest { Etag = planned.Plan.Etag });

        Assert.Equal(RepairResponse.OutcomeOneofCase.Result, repaired.OutcomeCase);
        Assert.Equal(found.Differences, repaired.Result.Mended);
        Assert.Equal((OperationKind.Repair, OperationState.Succeeded), (repaired.Operation.Kind, repaired.Operation.State));
        var recorded = await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { Kind = OperationKind.Repair, PageSize = 1 });
        var operation = Assert.Single(recorded.Operations);
        Assert.Equal((repaired.Operation.Id, repaired.Result), (operation.Id, operation.Repair));
        Assert.True((await _service.Maintenance.ValidateAsync(new ValidateRequest())).Valid);
    }

    [Fact]
    public async Task Repair_with_an_etag_that_no_longer_holds_is_aborted_and_no_operation()
    {
        await fixture.BringToAsync(Versions.Indexes);
        var planned = await _service.Maintenance.RepairAsync(new RepairRequest { ValidateOnly = true });
        var before = await LastOperationAsync();
        _service.Database.Execute("DROP INDEX idx_reports_date");
        try
        {
            await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.RepairAsync(new RepairRequest { Etag = planned.Plan.Etag }));
            await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.RepairAsync(new RepairRequest { Etag = "x", ValidateOnly = true }));

            Assert.Equal(before, await LastOperationAsync());
            Assert.DoesNotContain("idx_reports_date", _service.Database.Indexes());
        }
        finally
        {
            await _service.Maintenance.RepairAsync(new RepairRequest());
        }
    }

    [Fact]
    public async Task Repair_realigns_an_edited_version_that_is_named_and_Migrate_goes_on()
    {
        await fixture.BringToAsync(Versions.Fields);
        _service.Database.Execute($"UPDATE schema_migrations SET checksum = '{new string('0', 64)}' WHERE version = '{Versions.Tables}'");
        var finding = Assert.Single((await _service.Maintenance.ValidateAsync(new ValidateRequest())).Findings);
        Assert.Equal(("script-changed", Versions.Tables, true), (finding.Rule, finding.Version, finding.Error));
        var error = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.ChecksumMismatch, async () => await _service.Maintenance.MigrateAsync(new MigrateRequest()));
        Assert.Equal(new string('0', 64), error.Metadata["storedChecksum"]);
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.ChecksumMismatch, async () => await _service.Maintenance.RepairAsync(new RepairRequest()));

        var repaired = await _service.Maintenance.RepairAsync(new RepairRequest { RealignVersions = { "001" } });

        Assert.Equal([Versions.Tables], repaired.Result.RealignedVersions);
        Assert.Equal(Versions.Indexes, (await _service.Maintenance.MigrateAsync(new MigrateRequest())).Result.ToVersion);
    }

    [Fact]
    public async Task Validate_and_Repair_without_a_database_say_so()
    {
        await using var fresh = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");

        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.ValidateAsync(new ValidateRequest()));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.RepairAsync(new RepairRequest()));
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseMissing, async () => await fresh.Maintenance.RepairAsync(new RepairRequest { ValidateOnly = true }));

        Assert.False(File.Exists(fresh.Database.Path));
    }

    [Fact]
    public async Task Migrate_of_a_legacy_database_tells_what_it_adopted()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("legacy.db");
        LegacyDatabase.Build(LegacyKind.Drifted, path);
        await using var legacy = await RunningService.StartAsync(path, environment: "Maintenance__MigrateOnStartup=false");
        var before = await legacy.Maintenance.StatusAsync(new StatusRequest());
        Assert.Equal(3, before.Migrations.Count(m => m is { State: MigrationState.Applied, AppliedChecksum: "" }));
        Assert.False(before.UpToDate);
        Assert.Equal(3, (await legacy.Maintenance.ValidateAsync(new ValidateRequest())).Findings.Count(f => f is { Rule: "not-adopted", Error: false }));

        var response = await legacy.Maintenance.MigrateAsync(new MigrateRequest());

        Assert.Equal([(Versions.Tables, 0), (Versions.Fields, 2), (Versions.Indexes, 6)], response.Result.Adopted.Select(m => (m.Version, m.Statements)));
        Assert.Equal([Versions.Core], response.Result.Applied.Select(m => m.Version));
        Assert.True((await legacy.Maintenance.StatusAsync(new StatusRequest())).UpToDate);
        Assert.True((await legacy.Maintenance.ValidateAsync(new ValidateRequest())).Valid);
    }

    private async Task<string> LastOperationAsync() =>
        (await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { PageSize = 1 })).Operations[0].Id;
}
