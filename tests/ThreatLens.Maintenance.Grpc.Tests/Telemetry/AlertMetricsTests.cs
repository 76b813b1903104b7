using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Core;
using ThreatLens.Maintenance.Grpc.Tests.Ingest;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Telemetry;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Telemetry;

/// <summary>What docs/operations.md promises to an alerting stack arrives at a real receiver, and nothing arrives that it does not list.</summary>
public sealed partial class AlertMetricsTests : IAsyncLifetime
{
    private const string Meter = "ThreatLens.Maintenance";
    private OtlpReceiver _otlp = null!;
    private RunningService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _otlp = await OtlpReceiver.StartAsync();
        _service = await RunningService.StartAsync();
        // Operations create the tables that a history can be written into.
        await _service.Maintenance.BackupAsync(new BackupRequest());
        AddRows();
        await _service.RestartAsync(environment:
        [
            .. _otlp.Settings.Select(s => $"{s.Key}={s.Value}"), "Maintenance__Statistics__AlertInterval=00:00:01", "Maintenance__Statistics__SampleInterval=00:00:01",
            "Maintenance__History__Interval=00:00:10", "Maintenance__Scheduling__Enabled=true",
            "Maintenance__Scheduling__IntegrityCheck__Cron=* * * * * ?", "Maintenance__Scheduling__IntegrityCheck__Jitter=0",
            // Not at their hours: what they do would come into the middle of the test.
            .. new[] { "Backup", "Cleanup", "Optimize", "IntegrityCheckFull", "RestoreDrill" }.Select(job => $"Maintenance__Scheduling__{job}__Enabled=false"),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await _otlp.DisposeAsync();
    }

    [Fact]
    public async Task Every_documented_instrument_arrives_and_every_one_that_arrives_is_documented()
    {
        await UseAsync();
        var documented = Documented();

        await Eventually.TrueAsync(() => documented.Keys.Except(Arrived()).Any() == false, () => $"Documented, and did not arrive: {string.Join(", ", documented.Keys.Except(Arrived()))}");

        Assert.Equal(documented.Keys.Order(StringComparer.Ordinal), Arrived().Order(StringComparer.Ordinal));
        foreach (var metric in _otlp.Metrics.Where(m => m.Scope == Meter).DistinctBy(m => m.Name))
            Assert.Equal($"{metric.Name} {documented[metric.Name]}", $"{metric.Name} {metric.Unit}");
        HashSet<string> known = [.. documented.Select(d => Prometheus(d.Key, d.Value)), .. Attributes()];
        Assert.All(Rules(), name => Assert.Contains(name, known));
        AssertValues();
    }

    private async Task UseAsync()
    {
        using (var producer = await Producer.HelloAsync(_service, "alerts"))
            await producer.StoreAsync(Producer.Batch(1, Producer.Sample("app"), Producer.Sample("app", value: "many")));
        await _service.Maintenance.BackupAsync(new BackupRequest());
        await _service.Maintenance.RunRestoreDrillAsync(new RunRestoreDrillRequest());
        await Assert.ThrowsAsync<RpcException>(async () => await _service.Maintenance.RollbackAsync(new RollbackRequest { Version = "999" }));
    }

    /// <summary>Gauges against what a bystander reads.</summary>
    private void AssertValues()
    {
        Assert.Equal(2, Last("threatlens.events.pending_notifications"));
        Assert.Equal(3, Last("threatlens.events.count"));
        Assert.Equal(0.75, Last("threatlens.notifications.success_ratio", "email"));
        Assert.Equal(1, Last("threatlens.notifications.pending", "email"));
        Assert.Equal(0, Last("threatlens.schema.pending"));
        Assert.Equal(1, Last("threatlens.restore_drill.passed"));
        Assert.Equal(1, Last("threatlens.log_sources.silent"));
        Assert.Equal(288_000_000, Last("threatlens.database.growth"), 30_000_000.0);
        Assert.Equal(0, Last("threatlens.health.status", "schema"));
        Assert.True(Last("threatlens.health.status", "overall") >= 2);
    }

    private double Last(string name, string? tag = null) =>
        _otlp.Metrics.Last(m => m.Name == name && (tag is null || m.Attributes.Values.Contains(tag))).Value;

    private HashSet<string> Arrived() => [.. _otlp.Metrics.Where(m => m.Scope == Meter).Select(m => m.Name)];

    /// <summary>Name to unit, from the table of metrics.</summary>
    private static Dictionary<string, string> Documented() =>
        DocumentedRow().Matches(Section()).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["unit"].Value, StringComparer.Ordinal);

    /// <summary>The metrics that the example rules name.</summary>
    private static List<string> Rules() => [.. RuleName().Matches(Section()).Select(m => m.Value).Distinct(StringComparer.Ordinal)];

    /// <summary>The attributes in the table, as Prometheus calls them.</summary>
    private static IEnumerable<string> Attributes() => DocumentedAttribute().Matches(Section()).Select(m => m.Groups["name"].Value.Replace('.', '_'));

    /// <summary>As Prometheus calls a gauge: with its unit behind, unless a part of the name says it already.</summary>
    private static string Prometheus(string name, string unit)
    {
        var suffix = unit switch { "By" => "bytes", "s" => "seconds", "d" => "days", "1" => "ratio", "By/d" => "bytes_per_day", "{row}/s" => "per_second", "{event}/h" => "per_hour", _ => "" };
        var parts = name.Split('.', '_');
        return string.Join('_', suffix.Length == 0 || parts.Contains(suffix) ? parts : parts.Append(suffix));
    }

    private static string Section()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var begin = text.IndexOf("## Metrics and alerts", StringComparison.Ordinal);
        return text[begin..text.IndexOf("\n## ", begin + 1, StringComparison.Ordinal)];
    }

    /// <summary>Rows of every kind, and a history that grows by 1 MB every five minutes.</summary>
    private void AddRows()
    {
        var now = TimeProvider.System.GetUtcNow();
        var lately = now.AddHours(-1).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        _service.Database.Execute(
            $"""
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent) VALUES
                ('e1', 'r', '{lately}', 's', 'm', 'c', '0.5', 1, 0), ('e2', 'r', '{lately}', 's', 'm', 'c', '1.5', 1, 0), ('e3', 'r', '{lately}', 's', 'm', 'c', 'n/a', 1, 1);
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES
                ('e1', 't', 'email', 'sent', '{lately}'), ('e2', 't', 'email', 'sent', '{lately}'), ('e3', 't', 'email', 'sent', '{lately}'), ('e1', 't', 'email', 'failed', '{lately}'),
                ('e2', 't', 'email', 'pending', '{lately}');
            INSERT INTO log_sources(source_name, path, enabled, status, last_monitored) VALUES ('forgotten', '/var/log/forgotten.log', 1, 'active', '2026-01-01 00:00:00');
            INSERT INTO maintenance_health_samples(at, database_bytes, free_bytes, wal_bytes, rows_error, overall, sections, findings)
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
                SELECT ({now.ToUnixTimeSeconds()} - 300 * (1000 - i)) * 1000000, (SELECT page_count * 4096 FROM pragma_page_count) + 1000000 * (i - 1000), 0, 0, 0, 'Ok', '', '' FROM n;
            """);
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z0-9_.]+)` \| `(?<unit>[^`]*)` \|", RegexOptions.Multiline)]
    private static partial Regex DocumentedRow();

    [GeneratedRegex(@"` \| `(?<name>threatlens\.[a-z_.]+)`")]
    private static partial Regex DocumentedAttribute();

    [GeneratedRegex("threatlens_[a-z0-9_]+")]
    private static partial Regex RuleName();
}
