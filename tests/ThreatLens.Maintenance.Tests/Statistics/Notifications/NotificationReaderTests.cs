using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Tests.Statistics.Sampling;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.Notifications;

public sealed class NotificationReaderTests : StatisticsTestBase
{
    [Theory]
    [MemberData(nameof(Windows))]
    public void Read_generated_rows_is_what_plain_sql_counts(string from, string to)
    {
        Generate();

        AssertTruth(Within("sent_at", from, to), Reader().Read(At(from), At(to)));
    }

    [Fact]
    public void ReadAll_generated_rows_is_what_plain_sql_counts()
    {
        Generate(45_000);

        AssertTruth("1 = 1", Reader().ReadAll());
    }

    [Theory]
    [MemberData(nameof(LegacyKinds))]
    public void Read_a_database_of_the_original_is_what_plain_sql_counts(LegacyKind kind, bool genuine)
    {
        LegacyDatabase.Prepare(kind, genuine, File.Path);
        if (kind == LegacyKind.PreRealtime)
        {
            Expect.Refusal(ErrorReasons.SchemaNotReady, () => Reader().ReadAll());
            return;
        }

        AssertTruth("1 = 1", Reader().ReadAll());
        foreach (var (from, to) in new[] { ("2026-10-31 12:00:00", "2026-11-01 12:00:00"), ("2026-07-01 00:00:00", "2026-09-02 00:00:00") })
            AssertTruth(Within("sent_at", from, to), Reader().Read(At(from), At(to)));
    }

    [Fact]
    public void Read_without_notifications_has_no_success_rate()
    {
        Engine().Migrate(new MigrateCommand());

        Assert.Null(Reader().ReadAll().Total.SuccessRate);
        File.Execute("INSERT INTO notification_history(event_id, notification_type, channel, status) VALUES ('e', 't', 'c', 'pending')");
        Assert.Null(Reader().ReadAll().Total.SuccessRate);
    }

    [Fact]
    public void By_sums_up_what_groups_have_in_common()
    {
        Generate();
        var all = Reader().ReadAll();

        Assert.Equal(["email", "slack", "webhook"], all.By(g => g.Channel).Select(c => c.Key));
        Assert.Equal(
            File.Lines("SELECT notification_type, sum(status = 'sent'), sum(status = 'failed') FROM notification_history GROUP BY 1 ORDER BY 1"),
            all.By(g => g.Type).Select(t => $"{t.Key}|{t.Value.Sent}|{t.Value.Failed}"));
    }

    private NotificationReader Reader() => new(Database, Time);

    private void AssertTruth(string where, NotificationStatistics read)
    {
        Assert.Equal(
            File.Lines(
                $"""
                SELECT channel, notification_type, sum(status = 'sent'), sum(status = 'failed'), sum(status = 'pending'), sum(status NOT IN ('sent', 'failed', 'pending'))
                FROM notification_history NOT INDEXED WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2
                """),
            read.Groups.Select(g => $"{g.Channel}|{g.Type}|{g.Counts.Sent}|{g.Counts.Failed}|{g.Counts.Pending}|{g.Counts.Other}"));
        Assert.Equal(File.Scalar($"SELECT sum(status = 'sent') * 1.0 / sum(status IN ('sent', 'failed')) FROM notification_history WHERE {where}"), read.Total.SuccessRate);
        Assert.Equal(File.Scalar("SELECT count(*) FROM notification_history WHERE sent_at IS NULL OR sent_at NOT GLOB '[0-9]*'"), read.Undated);
    }
}
