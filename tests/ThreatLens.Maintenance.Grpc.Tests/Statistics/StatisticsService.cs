using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Statistics;

/// <summary>A service on a database whose events and notifications nobody else writes.</summary>
public sealed class StatisticsService : IAsyncLifetime
{
    public RunningService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Service = await RunningService.StartAsync(environment: ["Maintenance__Statistics__SampleInterval=00:00:01"]);
        Service.Database.Execute(
            """
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 47) SELECT i FROM n;
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
                SELECT 'e' || i, 'gone', strftime(CASE i % 2 WHEN 0 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%f000' END, '2026-03-01 00:00:00', (i * 30) || ' minutes'), 's', 'm', 'c',
                    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'n/a' ELSE i * 0.5 END, i % 2, CASE i % 3 WHEN 0 THEN NULL ELSE i % 3 - 1 END FROM n;
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at)
                SELECT 'e' || i, CASE i % 2 WHEN 0 THEN 'digest' ELSE 'alert' END, CASE i % 3 WHEN 0 THEN 'email' WHEN 1 THEN 'slack' ELSE 'web' END,
                    CASE WHEN i % 3 = 2 THEN 'pending' WHEN i % 5 = 0 THEN 'failed' ELSE 'sent' END, strftime('%Y-%m-%d %H:%M:%S', '2026-03-01 00:00:00', (i * 30) || ' minutes') FROM n;
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at) VALUES ('e', 'digest', 'email', 'sent', NULL), ('e', 'digest', 'email', 'sent', '2020-01-01 00:00:00');
            """);
    }

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
