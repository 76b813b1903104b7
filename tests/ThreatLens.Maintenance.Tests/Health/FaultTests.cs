using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>Each fault breaks exactly its own rule, and what mends it clears it.</summary>
public sealed class FaultTests : HealthTestBase
{
    [Fact]
    public async Task Report_healthy_database_has_no_finding()
    {
        await MakeHealthyAsync();

        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_dropped_index_is_drift_until_repair_recreates_it()
    {
        await MakeHealthyAsync();
        File.Execute("DROP INDEX idx_processing_metrics_timestamp");

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("schema.drift", HealthStatus.Warning, "threatlens repair", "Repair"), (finding.Id, finding.Severity, finding.Command, finding.Rpc));
        Assert.Contains("idx_processing_metrics_timestamp", finding.Evidence, StringComparison.Ordinal);
        Get<MigrationEngine>().Repair(new RepairCommand());
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_corrupted_page_is_damage_and_every_other_section_is_told()
    {
        await MakeHealthyAsync();
        Assert.Empty(Findings());
        SqliteConnection.ClearAllPools();
        Corrupt("ai_analysis");

        var report = Report();

        Assert.Equal("integrity.damaged", Assert.Single(report.Sections.SelectMany(s => s.Findings)).Id);
        Assert.Equal(Enum.GetValues<HealthSectionKind>(), report.Sections.Select(s => s.Kind));
        Assert.Equal((HealthStatus.Critical, HealthStatus.Ok), (Section(report, HealthSectionKind.Integrity).Status, Section(report, HealthSectionKind.Schema).Status));
    }

    [Fact]
    public async Task Report_source_that_falls_silent_is_told_after_its_own_rhythm()
    {
        await MakeHealthyAsync();
        Get<IngestWriter>().Start();
        Watch("busy");
        Watch("rare");
        await SendEachMinuteAsync("busy", 60);
        await SendEachMinuteAsync("rare", 1);
        for (var hour = 0; hour < 4; hour++)
        {
            Time.Advance(TimeSpan.FromMinutes(30));
            await SendEachMinuteAsync("rare", 1);
            await SendEachMinuteAsync("busy", 30);
        }

        Watch("busy");
        Watch("rare");
        Assert.Empty(Findings());
        Time.Advance(TimeSpan.FromMinutes(20));
        // Ingest goes on, and both are watched.
        await SendEachMinuteAsync("other", 1);
        Watch("busy");
        Watch("rare");

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("log_sources.silent", "busy", "threatlens log-source disable busy"), (finding.Id, finding.Subject, finding.Command));
        Get<LogSourceStore>().SetEnabled("busy", false, CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_full_disk_is_critical_until_there_is_room()
    {
        using var disk = SmallDisk.TryMount(Folder.File("disk"), 16);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var file = new SqliteFile(Path.Combine(disk.Path, "threatlens.db"));
        using var host = NewHost(Time, file);
        await MakeHealthyAsync(host);
        Assert.Empty(Findings(host));
        disk.FillBut(100_000);

        var finding = Assert.Single(Report(host).Sections.SelectMany(s => s.Findings));

        Assert.Equal(("storage.disk_nearly_full", HealthStatus.Critical), (finding.Id, finding.Severity));
        disk.MakeRoom();
        Assert.Empty(Findings(host));
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public async Task Report_failed_backup_is_told_until_one_succeeds()
    {
        await MakeHealthyAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        using (Get<BackupDirectory>().Enter(new LockOwner("somebody else")))
            await Assert.ThrowsAsync<MaintenanceException>(() => Get<BackupOperations>().BackupAsync(null, Request(), CancellationToken.None));

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("backups.failed", "threatlens backup", "Backup"), (finding.Id, finding.Command, finding.Rpc));
        Assert.Contains(ErrorReasons.OperationConflict, finding.Evidence, StringComparison.Ordinal);
        Time.Advance(TimeSpan.FromMinutes(1));
        await Get<BackupOperations>().BackupAsync(null, Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_log_that_a_reader_holds_is_told_until_it_is_moved()
    {
        Settings["Maintenance:Health:WalWarning"] = "1048576";
        await MakeHealthyAsync();
        Assert.Empty(Findings());
        using (var reader = File.Open())
        using (var transaction = reader.BeginTransaction(deferred: true))
        {
            using var read = reader.CreateCommand();
            read.Transaction = transaction;
            read.CommandText = "SELECT count(*) FROM events";
            read.ExecuteScalar();
            File.Execute("CREATE TABLE ballast(b); INSERT INTO ballast VALUES (zeroblob(2000000))");
            File.Execute("DROP TABLE ballast");

            Assert.Equal(["storage.wal_large"], Findings());
        }

        await Get<OptimizeOperations>().OptimizeAsync(new OptimizeCommand(), Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_clock_that_was_set_back_is_told()
    {
        await MakeHealthyAsync(NewHost(new Microsoft.Extensions.Time.Testing.FakeTimeProvider(Noon.AddHours(2)), File));

        Assert.Equal(["retention.clock_set_back"], Findings());
        Time.Advance(TimeSpan.FromHours(2));
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_rows_that_are_too_old_are_behind_schedule_until_a_cleanup()
    {
        await MakeHealthyAsync();
        // Thirty days are kept, and two more allowed.
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-09-30 11:00:00.000000')");

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("retention.behind", "processing_metrics", "threatlens cleanup --table processing_metrics"), (finding.Id, finding.Subject, finding.Command));
        await Get<CleanupOperations>().CleanAsync(new CleanupCommand(), Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_budget_that_is_nearly_full_is_relieved_by_a_cleanup_while_policies_allow_one()
    {
        await FillBudgetAsync("2026-09-30 23:00:00.000000");

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("storage.budget_nearly_full", "threatlens cleanup", "Cleanup"), (finding.Id, finding.Command, finding.Rpc));
        await Get<CleanupOperations>().CleanAsync(new CleanupCommand(), Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_budget_full_of_rows_that_policies_keep_has_no_command_that_deletes_them()
    {
        await FillBudgetAsync("2026-10-31 12:00:00.000000");

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("storage.budget_nearly_full", "", ""), (finding.Id, finding.Command, finding.Rpc));
        Assert.Contains("raise Maintenance:Database:MaxBytes", finding.Remedy, StringComparison.Ordinal);
        Assert.Contains("although the policies keep them", finding.Remedy, StringComparison.Ordinal);
        // The choice that loses rows is right as it is named.
        var size = long.Parse(finding.Remedy.Split("--max-size ")[1].Split('\'')[0], System.Globalization.CultureInfo.InvariantCulture);
        await Get<CleanupOperations>().CleanAsync(new CleanupCommand { MaxDatabaseBytes = size }, Request(), CancellationToken.None);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_misleading_statistics_are_a_regression_until_they_are_refreshed()
    {
        Settings["Maintenance:Optimization:Queries:0"] = "SELECT * FROM notification_history WHERE status = $status";
        await MakeHealthyAsync();
        File.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) SELECT 'e' || i, 't', 'c', 'sent', '2026-10-31 12:00:00' FROM n;
            ANALYZE;
            """);
        Assert.Empty(Findings());
        // As if there were two million, all of the same status.
        File.Execute("UPDATE sqlite_stat1 SET stat = '2000000 2000000 2000000 2000000' WHERE tbl = 'notification_history' AND idx IS NOT NULL");
        SqliteConnection.ClearAllPools();

        var finding = Assert.Single(Report().Sections.SelectMany(s => s.Findings));

        Assert.Equal(("performance.plan_regression", "notification_history", "threatlens optimize"), (finding.Id, finding.Subject, finding.Command));
        await Get<OptimizeOperations>().OptimizeAsync(new OptimizeCommand(), Request(), CancellationToken.None);
        SqliteConnection.ClearAllPools();
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_database_that_somebody_holds_says_so_in_every_section_that_reads_it()
    {
        await MakeHealthyAsync();
        File.Execute("PRAGMA journal_mode = DELETE");
        using (var holder = File.Open())
        {
            using var hold = holder.CreateCommand();
            hold.CommandText = "BEGIN EXCLUSIVE";
            hold.ExecuteNonQuery();

            var report = Get<HealthReporter>().Report([], CancellationToken.None);

            var unavailable = report.Sections.SelectMany(s => s.Findings).ToList();
            Assert.Equal(["database.unavailable"], unavailable.Select(f => f.Id).Distinct());
            Assert.All(unavailable, f => Assert.StartsWith(ErrorReasons.DatabaseLocked, f.Evidence, StringComparison.Ordinal));
            // That somebody holds it says nothing of how well it is.
            Assert.All(unavailable, f => Assert.Equal(HealthStatus.Unknown, f.Severity));
            Assert.Equal(HealthStatus.Unknown, report.Overall);
            HealthSectionKind[] counted = [HealthSectionKind.Ingest, HealthSectionKind.Errors];
            Assert.All(counted, kind => Assert.NotEmpty(Section(report, kind).Figures));
            Assert.Null(Value(report, HealthSectionKind.Errors, "errors_24_hours", "operations"));
            Assert.Equal(Enum.GetValues<HealthSectionKind>(), report.Sections.Select(s => s.Kind));
            Assert.DoesNotContain(report.Sections, s => s.Status == HealthStatus.Ok && s.Kind is not (HealthSectionKind.Performance or HealthSectionKind.Processing or HealthSectionKind.Notifications or HealthSectionKind.Integrity));
        }

        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Report_thresholds_are_those_of_the_configuration()
    {
        await MakeHealthyAsync();
        Assert.Empty(Findings());
        Settings["Maintenance:Health:MaxBackupAge"] = "00:10:00";
        Settings["Maintenance:Health:MaxDrillAge"] = "00:10:00";
        Settings["Maintenance:Health:FreeDiskWarning"] = "1";
        Settings["Maintenance:Health:FreeDiskCritical"] = "0";
        Time.Advance(TimeSpan.FromMinutes(11));

        var findings = Report(NewHost(Time, File)).Sections.SelectMany(s => s.Findings).ToList();

        Assert.Equal(["storage.disk_nearly_full", "backups.old", "backups.not_rehearsed"], findings.Select(f => f.Id));
        Assert.All(findings, f => Assert.Equal((HealthStatus.Warning, Time.GetUtcNow()), (f.Severity, f.Since)));
    }

    /// <summary>Metrics of that time fill more than nine tenths of 4 MiB.</summary>
    private async Task FillBudgetAsync(string at)
    {
        Settings["Maintenance:Database:MaxBytes"] = "4194304";
        await MakeHealthyAsync();
        Assert.Empty(Findings());
        File.Execute(
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1750)
                INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp, metric_metadata) SELECT 's', 't', '1', '{at}', hex(zeroblob(900)) FROM n
            """);
    }

    /// <summary>Overwrites the table's first page in the file.</summary>
    private void Corrupt(string table)
    {
        var root = (long)File.Scalar($"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")!;
        var size = (long)File.Scalar("PRAGMA page_size")!;
        File.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        using var stream = new FileStream(File.Path, FileMode.Open);
        stream.Position = (root - 1) * size;
        stream.Write([.. Enumerable.Repeat((byte)0xA5, 200)]);
    }
}
