using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Statistics.History;
using ThreatLens.Maintenance.Statistics.Sampling;
using ThreatLens.Maintenance.Tests.Statistics.Sampling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.History;

public sealed class HealthRecorderTests : StatisticsTestBase
{
    private readonly StatisticsSamples _samples = new();
    private readonly HistoryOptions _options = new();
    private HealthVerdict _verdict = new("Warning", new Dictionary<string, string> { ["Storage"] = "Warning", ["Schema"] = "Ok" }, ["storage.wal_large"]);
    private HealthHistory _history;

    public HealthRecorderTests() => _history = NewHistory();

    [Fact]
    public void Record_stores_what_another_process_reads_back_after_a_restart()
    {
        Prepare();
        _samples.Size = new SizeSample(new DatabaseSizeReader(Database, Time).Read(), TimeSpan.Zero);
        var first = Recorder().Record(CancellationToken.None)!;
        Time.Advance(TimeSpan.FromMinutes(5));
        _verdict = _verdict with { Overall = "Critical", Findings = [] };
        var second = Recorder().Record(CancellationToken.None)!;

        _history = NewHistory();
        Time.Advance(TimeSpan.FromMinutes(5));
        var third = Recorder().Record(CancellationToken.None)!;

        Assert.Equal([Describe(first), Describe(second), Describe(third)], _history.Samples.Select(Describe));
        Assert.Equal(
            ((long)File.Scalar("SELECT count(*) FROM events")!, (long)File.Scalar("SELECT count(*) FROM notification_history")!, 0L),
            (first.EventRows, first.NotificationRows, first.MetricRows));
        Assert.Equal((long)File.Scalar("PRAGMA page_count")! * 4096, third.DatabaseBytes);
        Assert.Equal(new Since(second.At, false), _history.SinceWhen(s => s.Verdict.Overall == "Critical"));
        Assert.Equal("Warning", _history.Samples[0].Verdict.Sections["Storage"]);
    }

    [Fact]
    public void Record_keeps_no_more_than_is_configured()
    {
        Prepare();
        _options.MaxSamples = 10;
        for (var i = 0; i < 25; i++)
        {
            Recorder().Record(CancellationToken.None);
            Time.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(10L, File.Scalar("SELECT count(*) FROM maintenance_health_samples"));
        Assert.Equal(10, _history.Samples.Count);
        Assert.Equal((Time.GetUtcNow() - TimeSpan.FromMinutes(50)).ToUnixTimeMilliseconds() * 1000, File.Scalar("SELECT min(at) FROM maintenance_health_samples"));
    }

    [Fact]
    public void Record_of_a_database_that_nobody_asked_to_change_changes_nothing_and_is_remembered()
    {
        Engine().Migrate(new MigrateCommand());
        var before = File.Snapshot();

        Recorder().Record(CancellationToken.None);

        Assert.Equal(before, File.Snapshot());
        Assert.Single(_history.Samples);
    }

    [Fact]
    public void Record_without_a_database_creates_none()
    {
        Assert.Null(Recorder().Record(CancellationToken.None));
        Assert.Empty(Folder.Names);
    }

    [Fact]
    public void Record_to_a_file_that_must_not_be_written_is_remembered()
    {
        Prepare();
        Recorder().Record(CancellationToken.None);
        System.IO.File.SetAttributes(File.Path, FileAttributes.ReadOnly);
        Time.Advance(TimeSpan.FromMinutes(5));

        Recorder().Record(CancellationToken.None);

        System.IO.File.SetAttributes(File.Path, FileAttributes.Normal);
        Assert.Equal(2, _history.Samples.Count);
        Assert.Equal(1L, File.Scalar("SELECT count(*) FROM maintenance_health_samples"));
    }

    private void Prepare()
    {
        Generate(100);
        new ServiceSchema(Database, Engine(), Time).Ensure(mayCreateDatabase: false, CancellationToken.None);
    }

    private HealthHistory NewHistory() => new(Microsoft.Extensions.Options.Options.Create(_options), Time);

    private HealthRecorder Recorder() => new(
        Database, _ => _verdict, _samples, new HealthSampleStore(Database, new ServiceSchema(Database, Engine(), Time)), _history, new StartupState(),
        Microsoft.Extensions.Options.Options.Create(_options), Time, NullLogger<HealthRecorder>.Instance);

    private static string Describe(HealthSample s) => FormattableString.Invariant(
        $"{s.At:O} {s.DatabaseBytes} {s.FreeBytes} {s.WalBytes} {s.DiskFreeBytes} {s.MetricRows} {s.EventRows} {s.NotificationRows} {s.RowsError} {s.Verdict.Overall} {string.Join(',', s.Verdict.Sections)} {string.Join(',', s.Verdict.Findings)}");
}
