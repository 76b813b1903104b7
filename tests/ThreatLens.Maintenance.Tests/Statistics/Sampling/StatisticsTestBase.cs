using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Tests.Migrations;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.Sampling;

/// <summary>A database of others' rows at a time of the test's own.</summary>
public abstract class StatisticsTestBase : SqliteMigrationTestBase
{
    private const int Rows = 2_000;

    /// <summary>Windows that begin and end on days with rows of all shapes, at midnight, within a day, nowhere, and everywhere.</summary>
    public static TheoryData<string, string> Windows { get; } = new()
    {
        { "2026-10-31 12:00:00", "2026-11-01 12:00:00" },
        { "2026-10-31 00:00:00", "2026-11-01 00:00:00" },
        { "2026-10-31 10:30:00", "2026-10-31 10:45:30" },
        { "2026-10-28 23:59:59", "2026-10-31 00:00:01" },
        { "2026-09-01 00:00:00", "2026-11-02 00:00:00" },
        { "2020-01-01 00:00:00", "2020-01-02 00:00:00" },
        { "0001-01-01 00:00:00", "9999-12-31 23:59:59" },
    };

    /// <summary>Noon of the day that the original's data ends on.</summary>
    protected static DateTimeOffset Noon { get; } = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private protected FakeTimeProvider Time { get; } = new(Noon);

    private protected SqliteDatabase Database => field ??= new SqliteDatabase(
        new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}", BusyTimeout = TimeSpan.FromSeconds(30), Synchronous = SqliteSynchronous.Normal }, Time);

    public static TheoryData<LegacyKind, bool> LegacyKinds()
    {
        var kinds = new TheoryData<LegacyKind, bool>();
        foreach (var kind in Enum.GetValues<LegacyKind>())
        {
            kinds.Add(kind, false);
            if (Environment.GetEnvironmentVariable(LegacyDatabase.FolderVariable) is { Length: > 0 })
                kinds.Add(kind, true);
        }

        return kinds;
    }

    private protected static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>Whether a stored time is in the window, in SQL that shares nothing with the service; the bounds are whole seconds.</summary>
    private protected static string Within(string column, string from, string to) =>
        $"length({column}) >= 19 AND {column} GLOB '[0-9]*' AND replace({column}, 'T', ' ') >= '{from}' AND replace({column}, 'T', ' ') < '{to}'";

    /// <summary>All migrations, and rows of every kind within four days, in no order of time.</summary>
    private protected void Generate(int rows = Rows)
    {
        Engine().Migrate(new MigrateCommand());
        const string Stamp = "strftime(CASE i % 3 WHEN 0 THEN '%Y-%m-%d %H:%M:%f123' WHEN 1 THEN '%Y-%m-%d %H:%M:%S' ELSE '%Y-%m-%dT%H:%M:%f456' END, '2026-10-28 12:00:00', (i * 7919 % 345600) || '.' || (i % 1000) || ' seconds')";
        File.Execute(
            $"""
            BEGIN;
            CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n;
            INSERT INTO events(id, raw_log_id, timestamp, source, message, category, processing_time, realtime_processed, notification_sent)
                SELECT 'e' || i, 'gone', {Stamp}, 's', 'm', 'c',
                    CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'n/a' WHEN 3 THEN i * 0.001 WHEN 4 THEN i || '' WHEN 5 THEN '0.480' ELSE '-1.5' END,
                    CASE i % 11 WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN 2 ELSE 1 END, CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN 0 ELSE 1 END FROM n;
            INSERT INTO notification_history(event_id, notification_type, channel, status, sent_at)
                SELECT 'e' || i, CASE i % 2 WHEN 0 THEN 'digest' ELSE 'security_alert' END, CASE i % 3 WHEN 0 THEN 'email' WHEN 1 THEN 'slack' ELSE 'webhook' END,
                    CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' WHEN 2 THEN 'retrying' ELSE 'sent' END,
                    CASE WHEN i % 100 = 50 THEN NULL WHEN i % 100 = 51 THEN 'n/a' ELSE {Stamp} END FROM n;
            COMMIT;
            """);
    }
}
