using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Statistics.Sampling;
using ThreatLens.Maintenance.Tests.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>The service's own parts put together as the service does it, not started, at a time of the test's own.</summary>
public abstract class HealthTestBase : SqliteMigrationTestBase, IDisposable
{
    private readonly List<IHost> _hosts = [];

    /// <summary>Noon of the day that the original's data ends on.</summary>
    protected static DateTimeOffset Noon { get; } = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private protected FakeTimeProvider Time { get; } = new(Noon);

    private protected Dictionary<string, string?> Settings { get; } = [];

    private protected IHost Host => field ??= NewHost(Time, File);

    void IDisposable.Dispose()
    {
        foreach (var host in _hosts)
            host.Dispose();
        Dispose();
    }

    private protected IHost NewHost(TimeProvider time, SqliteFile file)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(Settings).AddInMemoryCollection([new("ConnectionStrings:threatlens", $"Data Source={file.Path}")]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(time);
        builder.AddMaintenance();
        var host = builder.Build();
        _hosts.Add(host);
        return host;
    }

    private protected T Get<T>(IHost? host = null)
        where T : notnull => (host ?? Host).Services.GetRequiredService<T>();

    private protected static OperationRequest Request() => new() { Caller = new OperationCaller("test", IsVerified: true), RequestDigest = "" };

    /// <summary>All migrations, the service's own tables, a backup, and a drill of restoring it.</summary>
    private protected async Task MakeHealthyAsync(IHost? host = null)
    {
        Get<MigrationEngine>(host).Migrate(new MigrateCommand());
        Get<ServiceSchema>(host).Ensure(mayCreateDatabase: false, CancellationToken.None);
        await Get<BackupOperations>(host).BackupAsync(null, Request(), CancellationToken.None);
        await Get<RestoreDrillOperations>(host).RunAsync(null, Request(), CancellationToken.None);
    }

    /// <summary>Everything looked at anew, then a full report.</summary>
    private protected HealthReport Report(IHost? host = null)
    {
        Get<StatisticsSampler>(host).Sample(CancellationToken.None);
        foreach (var sample in (host ?? Host).Services.GetServices<IBackgroundSample>())
            sample.Take(CancellationToken.None);
        Get<IntegrityMonitor>(host).Check(CancellationToken.None);
        return Get<HealthReporter>(host).Report([], CancellationToken.None);
    }

    private protected IReadOnlyList<string> Findings(IHost? host = null) => [.. Report(host).Sections.SelectMany(s => s.Findings).Select(f => f.Id)];

    private protected static HealthSection Section(HealthReport report, HealthSectionKind kind) => report.Sections.Single(s => s.Kind == kind);

    private protected static object? Value(HealthReport report, HealthSectionKind kind, string name, string subject = "") =>
        Section(report, kind).Figures.Single(f => f.Name == name && f.Subject == subject).Value;

    /// <summary>Somebody watches the source now.</summary>
    private protected void Watch(string source) => File.Execute(
        $"INSERT INTO log_sources(source_name, path, enabled, status, last_monitored) VALUES ('{source}', '/logs/{source}', 1, 'active', '{Time.GetUtcNow():yyyy-MM-dd HH:mm:ss}') ON CONFLICT(source_name) DO UPDATE SET last_monitored = excluded.last_monitored");

    /// <summary>Stores a metric of the source in each of so many minutes up to now, as a producer does.</summary>
    private protected async Task SendEachMinuteAsync(string source, int minutes)
    {
        var writer = Get<IngestWriter>();
        var (session, state) = await writer.OpenAsync(source, "test", CancellationToken.None);
        var now = Time.GetUtcNow();
        MetricSample[] samples =
        [
            .. Enumerable.Range(0, minutes).Select(i => new MetricSample(source, "lines", "1", new SampleTime(now.AddMinutes(-i).ToUnixTimeSeconds(), 0), "")),
        ];
        var batch = BatchValidator.Validate(new MetricBatch(state.LastSequence + 1, samples, [], 100), now);
        Assert.Equal(minutes, (await (await writer.WriteAsync(session, batch, CancellationToken.None))).Accepted);
    }
}
