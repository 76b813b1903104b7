using System.Security.Cryptography;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>validate_only, etag, max_values_lost and rehearse of Migrate and Rollback.</summary>
public sealed class PlanTests(SchemaService fixture) : IClassFixture<SchemaService>
{
    private readonly RunningService _service = fixture.Service;

    private string Backups => Path.Combine(Path.GetDirectoryName(_service.Database.Path)!, "backups");

    [Fact]
    public async Task Plan_of_Migrate_tells_everything_and_is_no_operation()
    {
        await fixture.BringToAsync(Versions.Tables);
        await WithEventsAsync(3, async () =>
        {
            var last = await LastOperationAsync();

            var response = await _service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true, RequestId = "plan", WaitTimeout = new() });

            Assert.Equal((null, MigrateResponse.OutcomeOneofCase.Plan), (response.Operation, response.OutcomeCase));
            var plan = response.Plan;
            Assert.Equal((Versions.Tables, Versions.Indexes, MigrationOrder.Strict), (plan.FromVersion, plan.ToVersion, plan.Order));
            Assert.Equal([Versions.Fields, Versions.Indexes], plan.Steps.Select(s => s.Version));
            Assert.Contains(plan.Steps[0].Statements, s => s is { Line: > 0, HasRows: true, Rows: 3 } && s.Sql.Contains("idx_events_realtime_processed", StringComparison.Ordinal));
            Assert.True(plan.BackupBytes > 0 && plan.RequiredFreeBytes > plan.BackupBytes && plan.AvailableFreeBytes > plan.RequiredFreeBytes, $"{plan}");
            Assert.Matches("^[0-9a-f]{64}$", plan.Etag);
            Assert.Equal(last, await LastOperationAsync());
        });
    }

    [Fact]
    public async Task Plan_of_Rollback_tells_what_is_lost()
    {
        await fixture.BringToAsync(Versions.Indexes);
        await WithEventsAsync(2, async () =>
        {
            var plan = (await _service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001", ValidateOnly = true })).Plan;

            Assert.Equal([(Versions.Indexes, true), (Versions.Fields, true)], plan.Steps.Select(s => (s.Version, s.Down)));
            Assert.Equal([("events", "notification_sent", 2, 0), ("events", "realtime_processed", 2, 0)], plan.Losses.Select(l => (l.Table, l.Column, l.Values, l.Rows)).Order());
            Assert.Equal((4, false), (plan.ValuesLost, plan.MayLoseMore));
            Assert.All(plan.Findings, f => Assert.Equal(("drop-column-with-data", false, "002_add_realtime_fields.down.sql"), (f.Rule, f.Error, f.Script)));
            Assert.Equal(2, plan.Findings.Count);
        });
    }

    [Fact]
    public async Task Plan_writes_nothing_and_takes_no_lock()
    {
        await using var service = await RunningService.StartAsync(environment: RunningService.Quiet);
        await service.SettledAsync();
        await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = Versions.Tables });
        await service.EmptyLogAsync();
        await using (var held = new FileStream(service.Database.Path + ".maintenance.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            // Nobody of this process has the database open, so its bytes may be looked at.
            var before = Hashes();
            await PlanBothAsync();
            Assert.Equal(before, Hashes());

            using var writer = service.Database.Open();
            using var transaction = writer.BeginTransaction(deferred: false);
            await PlanBothAsync();
        }

        async Task PlanBothAsync()
        {
            Assert.NotEmpty((await service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true })).Plan.Steps);
            Assert.NotEmpty((await service.Maintenance.RollbackAsync(new RollbackRequest { ValidateOnly = true })).Plan.Steps);
        }

        // A log of no bytes is there while somebody has the database open, and is nothing.
        string[] Hashes() => [.. ((string[])["", "-wal"]).Select(ending => service.Database.Path + ending).Where(f => new FileInfo(f) is { Exists: true, Length: > 0 }).Select(f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))))];
    }

    [Fact]
    public async Task Plan_without_a_database_has_everything_and_creates_nothing()
    {
        await using var fresh = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");

        var plan = (await fresh.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true })).Plan;
        await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.VersionNotApplied, async () => await fresh.Maintenance.RollbackAsync(new RollbackRequest { ValidateOnly = true }));

        Assert.Equal(Versions.All, plan.Steps.Select(s => s.Version));
        Assert.Equal(("", 0, 0), (plan.FromVersion, plan.BackupBytes, plan.ValuesLost));
        Assert.False(File.Exists(fresh.Database.Path));
        var rehearsed = (await fresh.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true, Rehearse = true })).Plan;
        Assert.True(rehearsed.Rehearsal.Passed, $"{rehearsed.Rehearsal}");
        Assert.False(File.Exists(fresh.Database.Path));
        Assert.Equal(Versions.Indexes, (await fresh.Maintenance.MigrateAsync(new MigrateRequest { Etag = plan.Etag })).Result.ToVersion);
    }

    [Fact]
    public async Task Plan_with_nothing_to_do_is_empty()
    {
        await fixture.BringToAsync(Versions.Indexes);

        var plan = (await _service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true, Rehearse = true })).Plan;

        Assert.Empty(plan.Steps);
        Assert.Equal((0, 0, Versions.Indexes), (plan.RequiredFreeBytes, plan.BackupBytes, plan.ToVersion));
        Assert.True(plan.Rehearsal.Passed);
        Assert.Empty((await _service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "003", ValidateOnly = true })).Plan.Steps);
    }

    [Fact]
    public async Task Run_with_an_etag_that_no_longer_holds_is_aborted_and_no_operation()
    {
        await fixture.BringToAsync(Versions.Fields);
        var up = (await _service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true })).Plan.Etag;
        var down = (await _service.Maintenance.RollbackAsync(new RollbackRequest { ValidateOnly = true })).Plan.Etag;
        var last = await LastOperationAsync();
        _service.Database.Execute("CREATE TABLE somebodys (id INTEGER)");
        try
        {
            foreach (var validateOnly in (bool[])[false, true])
            {
                var error = await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.MigrateAsync(new MigrateRequest { Etag = up, ValidateOnly = validateOnly }));
                Assert.Equal("etag", error.Field);
                await Expect.ErrorAsync(StatusCode.Aborted, ErrorReasons.EtagMismatch, async () => await _service.Maintenance.RollbackAsync(new RollbackRequest { Etag = down, ValidateOnly = validateOnly }));
            }

            Assert.Equal(last, await LastOperationAsync());
        }
        finally
        {
            _service.Database.Execute("DROP TABLE somebodys");
        }

        Assert.Equal([Versions.Indexes], (await _service.Maintenance.MigrateAsync(new MigrateRequest { Etag = up })).Result.Applied.Select(m => m.Version));
    }

    [Fact]
    public async Task Rollback_that_loses_values_needs_their_number_and_takes_no_backup_when_refused()
    {
        await fixture.BringToAsync(Versions.Indexes);
        await WithEventsAsync(3, async () =>
        {
            var backups = (await _service.Maintenance.ListBackupsAsync(new ListBackupsRequest())).Backups.Count;
            foreach (var bound in (RollbackRequest[])[new() { ToVersion = "001" }, new() { ToVersion = "001", MaxValuesLost = 5 }])
            {
                var error = await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.ValuesWouldBeLost, async () => await _service.Maintenance.RollbackAsync(bound));
                Assert.Equal(("6", "max_values_lost", "VALUES_WOULD_BE_LOST"), (error.Metadata["valuesLost"], error.Field, error.Precondition));
                Assert.Contains("events.realtime_processed: 3 values", error.Metadata["losses"], StringComparison.Ordinal);
                Assert.NotEmpty(error.OperationId);
            }

            Assert.Equal(Versions.Indexes, await _service.CurrentVersionAsync());
            Assert.Equal(backups, (await _service.Maintenance.ListBackupsAsync(new ListBackupsRequest())).Backups.Count);

            var response = await _service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001", MaxValuesLost = 6 });

            Assert.Equal(6, response.Result.ValuesLost);
            Assert.NotEmpty(response.Result.BackupName);
            Assert.Equal(response.Result, (await _service.Maintenance.GetOperationAsync(new GetOperationRequest { OperationId = response.Operation.Id })).Operation.Rollback);
        });
    }

    [Fact]
    public async Task Rehearsal_runs_there_and_back_and_there_again_on_a_copy_that_does_not_stay()
    {
        await fixture.BringToAsync(Versions.Tables);
        await WithEventsAsync(4, async () =>
        {
            // The service stores a sample of itself once, when it likes.
            var before = _service.Database.Snapshot(except: "maintenance_health_samples");

            var up = (await _service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true, Rehearse = true })).Plan.Rehearsal;

            Assert.True(up.Passed, $"{up}");
            Assert.True(up.UpDuration.ToTimeSpan() > TimeSpan.Zero && up.DownDuration.ToTimeSpan() > TimeSpan.Zero && up.LongestWriteLock.ToTimeSpan() > TimeSpan.Zero && up.PeakWalBytes > 0, $"{up}");
            Assert.Equal(["events.realtime_processed: 4 values", "events.notification_sent: 4 values"], up.Losses);
            Assert.Equal((8, ""), (up.ValuesLost, up.NotUndone));
            Assert.Equal(before, _service.Database.Snapshot(except: "maintenance_health_samples"));
            Assert.DoesNotContain(Directory.EnumerateFiles(Backups), f => f.Contains("rehearsal-", StringComparison.Ordinal));

            await _service.Maintenance.MigrateAsync(new MigrateRequest());
            var down = (await _service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001", ValidateOnly = true, Rehearse = true })).Plan.Rehearsal;

            Assert.True(down.Passed, $"{down}");
            Assert.Equal(up.Losses, down.Losses);
            Assert.Equal(Versions.Indexes, await _service.CurrentVersionAsync());
        });
    }

    [Fact]
    public async Task Rehearsal_that_was_killed_leaves_nothing_once_somebody_comes_next()
    {
        await using var service = await RunningService.StartAsync();
        await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "001" });
        service.Database.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
            INSERT INTO events (id, raw_log_id, timestamp, source, message, category) SELECT 'e' || i, 'r', '2026-11-01 12:00:00.000000', 's', hex(randomblob(40)), 'c' FROM n
            """);
        var backups = Path.Combine(Path.GetDirectoryName(service.Database.Path)!, "backups");

        var rehearsal = service.Maintenance.MigrateAsync(new MigrateRequest { ValidateOnly = true, Rehearse = true }).ResponseAsync;
        await Eventually.TrueAsync(() => Directory.Exists(backups) && Rehearsals().Any(), () => "there is no copy");
        await service.Process.KillAsync();
        await Assert.ThrowsAsync<RpcException>(() => rehearsal);
        Assert.NotEmpty(Rehearsals());
        await service.RestartAsync();
        await service.Maintenance.BackupAsync(new BackupRequest());

        Assert.Empty(Rehearsals());

        IEnumerable<string> Rehearsals() => Directory.EnumerateFiles(backups, "*rehearsal-*");
    }

    [Fact]
    public async Task Repair_of_a_database_with_rows_takes_a_backup_first_and_names_it()
    {
        await fixture.BringToAsync(Versions.Indexes);
        await WithEventsAsync(1, async () =>
        {
            var nothing = await _service.Maintenance.RepairAsync(new RepairRequest());
            _service.Database.Execute("DROP INDEX idx_reports_date");

            var plan = (await _service.Maintenance.RepairAsync(new RepairRequest { ValidateOnly = true })).Plan;
            var repaired = await _service.Maintenance.RepairAsync(new RepairRequest { Etag = plan.Etag });

            Assert.Equal("", nothing.Result.BackupName);
            Assert.True(plan.BackupBytes > 0);
            var backup = (await _service.Maintenance.ListBackupsAsync(new ListBackupsRequest())).Backups[0];
            Assert.Equal((backup.Name, backup.OperationId), (repaired.Result.BackupName, repaired.Operation.Id));
            Assert.DoesNotContain("idx_reports_date", new ThreatLens.Testing.Sqlite.SqliteFile(Path.Combine(Backups, backup.Name)).Indexes());
        });
    }

    private async Task WithEventsAsync(int count, Func<Task> test)
    {
        for (var i = 0; i < count; i++)
            _service.Database.Execute($"INSERT INTO events (id, raw_log_id, timestamp, source, message, category) VALUES ('e{i}', 'r', '2026-11-01 12:00:00.000000', 's', 'm', 'c')");
        try
        {
            await test();
        }
        finally
        {
            _service.Database.Execute("DELETE FROM events");
        }
    }

    private async Task<string> LastOperationAsync() =>
        (await _service.Maintenance.ListOperationsAsync(new ListOperationsRequest { PageSize = 1 })).Operations[0].Id;
}
