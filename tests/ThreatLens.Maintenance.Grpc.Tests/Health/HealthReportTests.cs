using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Tests.Ingest;
using ThreatLens.Maintenance.Grpc.Tests.Schema;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Health;

/// <summary>Health reports: what they say is what is so, and what was not looked at is not fine.</summary>
public sealed class HealthReportTests
{
    private static readonly HealthSectionKind[] All = [.. System.Enum.GetValues<HealthSectionKind>().Except([HealthSectionKind.Unspecified])];

    [Fact]
    public async Task First_report_comes_at_once_with_all_sections_and_the_others_at_the_interval()
    {
        await using var service = await RunningService.StartAsync();
        var begun = TimeProvider.System.GetUtcNow();
        using var call = service.Maintenance.HealthReport(new HealthReportRequest { Interval = new Duration { Seconds = 1 } });

        var reports = new List<HealthReportResponse>();
        while (reports.Count < 3)
            reports.Add(await call.NextReportAsync());

        Assert.Equal([reports[0].Sequence, reports[0].Sequence + 1, reports[0].Sequence + 2], reports.Select(r => r.Sequence));
        Assert.All(reports, r => Assert.Equal(All, r.Sections.Select(s => s.Kind)));
        Assert.All(reports, r => Assert.All(r.Sections, s => Assert.True(s.Summary.Length > 0 && s.Status != HealthStatus.Unspecified)));
        // Ticks may be late, never early: the third comes at least two intervals after the call, and is no older than nine tenths of one.
        Assert.True(reports[2].ReportTime.ToDateTimeOffset() - begun > TimeSpan.FromSeconds(1));
        Assert.Equal(3, reports.Select(r => r.ReportTime).Distinct().Count());
        // Nothing has come in yet: nobody has looked, so that is unknown, and so is the whole.
        Assert.Equal((HealthStatus.Unknown, HealthStatus.Unknown), (Section(reports[0], HealthSectionKind.Ingest).Status, Section(reports[0], HealthSectionKind.LogSources).Status));
        Assert.Equal(HealthStatus.Unknown, reports[0].Overall);
    }

    [Fact]
    public async Task Only_the_sections_asked_for_are_reported_in_their_order()
    {
        await using var service = await RunningService.StartAsync();

        var report = await FirstAsync(service, HealthSectionKind.Tables, HealthSectionKind.Schema, HealthSectionKind.Tables);

        Assert.Equal([HealthSectionKind.Schema, HealthSectionKind.Tables], report.Sections.Select(s => s.Kind));
        Assert.Equal(HealthStatus.Ok, report.Overall);
    }

    [Fact]
    public async Task Report_tells_what_is_in_the_database()
    {
        // However slow the disk and long the test: both are said by sections of their own.
        await using var service = await RunningService.StartAsync(environment: ["Maintenance__Health__IngestLatencyWarning=00:10:00", "Maintenance__Health__IngestSilence=1.00:00:00"]);
        using var producer = await Producer.HelloAsync(service, "reported");
        for (var sequence = 1; sequence <= 3; sequence++)
            await producer.StoreAsync(Producer.Batch(sequence, Enumerable.Repeat(Producer.Sample($"reported-{sequence % 2}"), 100)));
        await producer.StoreAsync(Producer.Batch(3));
        var last = Producer.Batch(4, Producer.Sample("reported-0", value: "bad"));
        last.Sources.Add(new SourceReport { SourceName = "reported-0", Path = "/logs/0", Status = LogSourceStatus.Active, Offset = 7, FileSize = 9 });
        last.Sources.Add(new SourceReport { SourceName = "reported-1", Path = "/logs/1", Status = LogSourceStatus.Error, ErrorMessage = "Permission denied" });
        await producer.StoreAsync(last);
        var size = new FileInfo(service.Database.Path).Length;

        var report = await FirstAsync(service);

        var ingest = Section(report, HealthSectionKind.Ingest);
        Assert.Equal(HealthStatus.Ok, ingest.Status);
        Assert.True(Number(ingest, "rows_per_second") > 0);
        Assert.Equal((300d, 5d, 1d, 1d), (Number(ingest, "rows_stored"), Number(ingest, "batches"), Number(ingest, "duplicates"), Number(ingest, "rejections")));
        Assert.Equal((100d, 200d), (Number(ingest, "rows_stored", "reported-0"), Number(ingest, "rows_stored", "reported-1")));
        Assert.NotNull(ingest.Figures.Single(f => f.Name == "last_commit").Time);
        Assert.True(Number(ingest, "commit_latency_p99") >= Number(ingest, "commit_latency_p50"));

        var tables = Section(report, HealthSectionKind.Tables);
        Assert.Equal(HealthStatus.Ok, tables.Status);
        Assert.Equal(
            service.Database.Tables().Where(IsStill).Select(t => (t, (double)(long)service.Database.Scalar($"SELECT count(*) FROM {t}")!, FigureMethod.Exact)),
            tables.Figures.Where(f => IsStill(f.Subject)).Select(f => (f.Subject, f.Number, f.Method)));

        var storage = Section(report, HealthSectionKind.Storage);
        // What is in the log is moved into the file some time.
        Assert.InRange(Number(storage, "file_bytes"), size, new FileInfo(service.Database.Path).Length);
        Assert.InRange(Number(storage, "disk_free_share"), 0, 1);

        var sources = Section(report, HealthSectionKind.LogSources);
        Assert.Equal(HealthStatus.Warning, sources.Status);
        Assert.Equal((2d, 1d, 0d), (Number(sources, "sources"), Number(sources, "active"), Number(sources, "disabled")));
        Assert.Equal((7d, 9d), (Number(sources, "last_offset", "reported-0"), Number(sources, "file_size", "reported-0")));
        var finding = Assert.Single(sources.Findings);
        Assert.Equal(("log_sources.error", "reported-1"), (finding.Id, finding.Subject));
        Assert.Contains("Permission denied", finding.Evidence, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Warning, report.Overall);
    }

    [Fact]
    public async Task Schema_that_is_behind_needs_attention_and_without_the_table_ingest_does_not_work()
    {
        await using var service = await RunningService.StartAsync();
        await service.Maintenance.RollbackAsync(new RollbackRequest { ToVersion = "000" });

        var report = await FirstAsync(service);

        var schema = Section(report, HealthSectionKind.Schema);
        Assert.Equal(HealthStatus.Warning, schema.Status);
        Assert.Equal(("schema.pending", "threatlens migrate"), (schema.Findings.Single().Id, schema.Findings.Single().Command));
        Assert.Equal((Versions.Core, 3d), (schema.Figures.Single(f => f.Name == "current_version").Text, Number(schema, "pending")));
        Assert.Equal((HealthStatus.Critical, HealthStatus.Unknown), (Section(report, HealthSectionKind.Ingest).Status, Section(report, HealthSectionKind.LogSources).Status));
        Assert.Equal(HealthStatus.Critical, report.Overall);
    }

    [Fact]
    public async Task Database_that_does_not_exist_is_not_fine()
    {
        await using var service = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");

        var report = await FirstAsync(service);

        Assert.All(report.Sections, s => Assert.NotEqual(HealthStatus.Ok, s.Status));
        Assert.Equal(HealthStatus.Unknown, Section(report, HealthSectionKind.Integrity).Status);
        Assert.False(File.Exists(service.Database.Path));
    }

    [Fact]
    public async Task Integrity_is_unknown_until_it_was_checked_and_then_ages()
    {
        await using var service = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");
        using var call = service.Maintenance.HealthReport(new HealthReportRequest { Sections = { HealthSectionKind.Integrity }, Interval = new Duration { Seconds = 1 } });

        // There is no file to check yet.
        var unknown = (await call.NextReportAsync()).Sections[0];
        Assert.Equal((HealthStatus.Unknown, 0, null), (unknown.Status, unknown.Figures.Count, unknown.SampleTime));
        await service.Maintenance.MigrateAsync(new MigrateRequest());

        HealthReportResponse report;
        do
            report = await call.NextReportAsync();
        while (report.Sections[0].Status == HealthStatus.Unknown);
        var later = await call.NextReportAsync();

        Assert.Equal((HealthStatus.Ok, HealthStatus.Ok), (report.Sections[0].Status, later.Sections[0].Status));
        Assert.Equal(report.Sections[0].SampleTime, later.Sections[0].SampleTime);
        Assert.True(Age(later) > Age(report));
        Assert.InRange(Age(later) - (later.ReportTime - later.Sections[0].SampleTime).ToTimeSpan(), TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Damaged_file_is_critical()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.Clean, folder.File("damaged.db"));
        file.Execute("PRAGMA journal_mode = DELETE");
        var root = (long)file.Scalar("SELECT rootpage FROM sqlite_master WHERE name = 'ai_analysis'")!;
        var size = (long)file.Scalar("PRAGMA page_size")!;
        await using (var stream = new FileStream(file.Path, FileMode.Open))
        {
            stream.Position = ((root - 1) * size) + 8;
            await stream.WriteAsync(Enumerable.Repeat((byte)0xA5, 200).ToArray());
        }

        await using var service = await RunningService.StartAsync(file.Path, waitForHealth: true, "Maintenance__MigrateOnStartup=false");
        using var call = service.Maintenance.HealthReport(new HealthReportRequest { Interval = new Duration { Seconds = 1 } });
        HealthReportResponse report;
        do
            report = await call.NextReportAsync();
        while (Section(report, HealthSectionKind.Integrity).Status == HealthStatus.Unknown);

        var integrity = Section(report, HealthSectionKind.Integrity);
        Assert.Equal((HealthStatus.Critical, HealthStatus.Critical), (integrity.Status, report.Overall));
        Assert.Equal("integrity.damaged", Assert.Single(integrity.Findings).Id);
        Assert.True(Number(integrity, "problems") > 0);
        // What is damaged takes no other section with it.
        Assert.Equal(All, report.Sections.Select(s => s.Kind));
        Assert.Equal(HealthStatus.Warning, Section(report, HealthSectionKind.Schema).Status);
    }

    [Fact]
    public async Task Database_that_somebody_holds_from_the_start_on_is_reported_while_he_holds_it()
    {
        using var folder = new TemporaryFolder();
        var file = LegacyDatabase.Build(LegacyKind.Clean, folder.File("held.db"));
        RunningService service;
        using (var somebody = file.Open())
        {
            using var hold = somebody.CreateCommand();
            hold.CommandText = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held(x);";
            hold.ExecuteNonQuery();
            // Whoever waits for the lock as long as he may waits for longer than this test.
            service = await RunningService.StartAsync(file.Path, waitForHealth: false, "Maintenance__Database__BusyTimeout=00:10:00");

            var report = await FirstAsync(service);

            Assert.Equal(All, report.Sections.Select(s => s.Kind));
            Assert.Equal(HealthStatus.Unknown, Section(report, HealthSectionKind.Integrity).Status);
            HealthSectionKind[] read = [HealthSectionKind.Schema, HealthSectionKind.Storage, HealthSectionKind.Tables, HealthSectionKind.Ingest, HealthSectionKind.LogSources, HealthSectionKind.Backups, HealthSectionKind.Operations, HealthSectionKind.Retention];
            Assert.All(read, kind => Assert.Equal(HealthStatus.Unknown, Section(report, kind).Status));
            Assert.All(read, kind => Assert.StartsWith(ErrorReasons.DatabaseLocked, Section(report, kind).Findings.Single(f => f.Id == "database.unavailable").Evidence, StringComparison.Ordinal));
            Assert.All(report.Sections, s => Assert.True(s.Summary.Length > 0));
        }

        await using (service)
            await service.Process.WaitForHealthAsync();
    }

    private static async Task<HealthReportResponse> FirstAsync(RunningService service, params IEnumerable<HealthSectionKind> sections)
    {
        using var call = service.Maintenance.HealthReport(new HealthReportRequest { Sections = { sections } });
        return await call.NextReportAsync();
    }

    private static HealthSection Section(HealthReportResponse report, HealthSectionKind kind) => report.Sections.Single(s => s.Kind == kind);

    private static double Number(HealthSection section, string name, string subject = "") => section.Figures.Single(f => f.Name == name && f.Subject == subject).Number;

    private static TimeSpan Age(HealthReportResponse report) => report.Sections[0].Figures.Single(f => f.Name == "age").Duration.ToTimeSpan();

    /// <summary>The service stores what it has seen when it likes.</summary>
    private static bool IsStill(string table) => table is not ("maintenance_health_samples" or "maintenance_source_rhythms");
}
