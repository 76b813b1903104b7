using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using ThreatLens.Maintenance.Retention.Holds;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Retention;

/// <summary>What a cleanup refuses, by a plan or by a run, with nothing deleted.</summary>
public sealed class RefusalTests : RetentionTestBase
{
    public static TheoryData<string, string, double?, long?, bool> WrongPolicies => new()
    {
        { "policies[0].max_age", "processing_metrics", 0, null, false },
        { "policies[0].max_age", "processing_metrics", -1, null, false },
        { "policies[0].max_age", "events", 0.0001, null, false },
        { "policies[0].max_age", "events", 36_501, null, false },
        { "policies[0].confirm_everything", "events", 30, null, true },
        { "policies[0].max_rows", "events", null, -1, false },
        { "policies[0].max_rows", "events", null, 0, false },
        { "policies[0].max_rows", "events", null, long.MaxValue, false },
        { "policies[0].table", "log_sources", 30, null, false },
        { "policies[0].table", "ai_analysis", 30, null, false },
        { "policies[0].table", "events; DROP TABLE events", 30, null, false },
    };

    [Theory]
    [MemberData(nameof(WrongPolicies))]
    public void Plan_policy_that_cannot_be_meant_names_the_field(string field, string table, double? days, long? rows, bool confirmed)
    {
        Seed();
        var policy = new RetentionPolicy { Table = table, MaxAge = days is { } d ? TimeSpan.FromDays(d) : null, MaxRows = rows, ConfirmsEverything = confirmed };

        Refused(field, new CleanupCommand { Policies = [policy] });
    }

    [Fact]
    public void Plan_other_fields_that_cannot_be_meant_name_themselves()
    {
        Seed();
        var policy = new RetentionPolicy { Table = "events", MaxAge = TimeSpan.FromDays(1) };
        Refused("policies[1].table", new CleanupCommand { Policies = [policy, policy] });
        Refused("policies[0].table", new CleanupCommand { Policies = [policy], Tables = ["processing_metrics"] });
        Refused("tables[0]", new CleanupCommand { Tables = ["nothing"] });
        Refused("tables[1]", new CleanupCommand { Tables = ["events", "events"] });
        Refused("tables[0]", new CleanupCommand { Tables = ["raw_logs"] });
        foreach (var bytes in (long[])[-1, 1, 1024 * 1024 - 1, long.MaxValue])
            Refused("max_database_bytes", new CleanupCommand { MaxDatabaseBytes = bytes });
        Refused("etag", new CleanupCommand { Etag = "junk" });
        Refused("policies", new CleanupCommand { Policies = [policy], ResumeOperationId = NewId() });
        Refused("etag", new CleanupCommand { Etag = "e", ResumeOperationId = NewId() });
    }

    [Fact]
    public void Run_zero_days_with_confirmation_deletes_everything_up_to_now_and_nothing_later()
    {
        Seed();
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-11-01 11:59:59.999999'), ('s', 't', '1', '2026-11-01T12:00:00.000000')");

        Clean(new CleanupCommand { Policies = [new RetentionPolicy { Table = "processing_metrics", MaxAge = TimeSpan.Zero, ConfirmsEverything = true }] });

        Assert.Equal(["2026-11-01T12:00:00.000000"], File.Lines("SELECT timestamp FROM processing_metrics"));
    }

    [Fact]
    public void Run_with_an_etag_deletes_by_the_moments_of_the_plan()
    {
        Seed();
        var plan = Plan(new CleanupCommand());
        Time.Advance(TimeSpan.FromDays(20));
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-10-10 00:00:00')");

        Clean(new CleanupCommand { Etag = plan.Etag });

        // By the plan's moment it is not old.
        Assert.Equal(1L, File.Scalar("SELECT count(*) FROM processing_metrics WHERE timestamp = '2026-10-10 00:00:00'"));
        Clean(new CleanupCommand());
        Assert.Equal(0L, File.Scalar("SELECT count(*) FROM processing_metrics WHERE timestamp = '2026-10-10 00:00:00'"));
    }

    [Fact]
    public void Run_with_an_etag_that_does_not_hold_any_more_is_refused_and_says_what_changed()
    {
        Seed();
        var etag = Plan(new CleanupCommand()).Etag;
        Changed("the policies", new CleanupCommand { Etag = etag, Tables = ["events"] });
        Changed("the policies", new CleanupCommand { Etag = etag, Policies = [new RetentionPolicy { Table = "events", MaxAge = TimeSpan.FromDays(1) }] });

        var hold = Pin(new HoldTarget { SourceName = "s" });
        Changed("the holds", new CleanupCommand { Etag = etag });
        Holds.Release(hold.Id, CancellationToken.None);

        File.Execute("CREATE INDEX somebodys ON events(message)");
        Changed("the schema", new CleanupCommand { Etag = etag });
        File.Execute("DROP INDEX somebodys");
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-10-10 00:00:00')");

        Clean(new CleanupCommand { Etag = etag });
    }

    [Fact]
    public void Run_after_the_clock_was_set_back_is_refused_until_somebody_has_looked()
    {
        Seed();
        var etag = Plan(new CleanupCommand()).Etag;
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-11-01 11:00:00')");
        Time.AdjustTime(Noon.AddDays(-2));

        SetBack(new CleanupCommand());
        SetBack(new CleanupCommand { Etag = etag, AcceptsClock = true });
        Assert.Equal(0, Plan(new CleanupCommand { AcceptsClock = true }).Tables.Single(t => t.Table == "events").Rows);

        File.Execute("DELETE FROM processing_metrics WHERE timestamp = '2026-11-01 11:00:00'");
        Plan(new CleanupCommand());
        InsertOperation("2026-11-01 12:00:00.000000");
        SetBack(new CleanupCommand());
    }

    [Fact]
    public void Run_that_accepts_the_clock_is_remembered_until_something_later_is_recorded_again()
    {
        Seed();
        // A spell of a clock a year ahead.
        InsertOperation("2027-11-01 12:00:00.000000");
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2027-11-01 11:00:00')");
        SetBack(new CleanupCommand());
        Plan(new CleanupCommand { AcceptsClock = true });
        SetBack(new CleanupCommand());

        Clean(new CleanupCommand { AcceptsClock = true });

        Clean(new CleanupCommand());
        Time.Advance(TimeSpan.FromDays(10));
        InsertOperation("2026-11-11 12:00:00.000000");
        Clean(new CleanupCommand());
        // What was recorded since counts, although things of later times were accepted.
        Time.AdjustTime(Noon.AddDays(5));
        SetBack(new CleanupCommand());
        Clean(new CleanupCommand { AcceptsClock = true });
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-11-07 00:00:00')");
        SetBack(new CleanupCommand());
    }

    [Fact]
    public void Plan_a_single_row_of_the_far_future_does_not_stop_cleanups()
    {
        Seed();
        // Metrics that came after it are of the present.
        File.Execute("INSERT INTO processing_metrics(id, source_name, metric_type, metric_value, timestamp) VALUES (41, 's', 't', '1', '9999-12-31 23:59:59'), (42, 's', 't', '1', '2026-11-01 11:59:00')");

        Assert.Equal(1, Plan(new CleanupCommand()).Tables.Single(t => t.Table == "processing_metrics").Rows);
    }

    /// <summary>One of a time, with an id of that time.</summary>
    private void InsertOperation(string time) => File.Execute(
        $"INSERT INTO maintenance_operations(id, kind, state, caller, caller_verified, request_digest, process, created_at, progress) VALUES ('{Guid.CreateVersion7(DateTimeOffset.Parse(time + "Z", System.Globalization.CultureInfo.InvariantCulture)):N}', 'Backup', 'Succeeded', 'x', 0, '', '', '{time}', '{{}}')");

    private void Seed()
    {
        Migrate();
        File.Execute("INSERT INTO processing_metrics(source_name, metric_type, metric_value, timestamp) VALUES ('s', 't', '1', '2026-09-01 00:00:00'), ('s', 't', '1', '2026-10-30 00:00:00')");
    }

    private void Refused(string field, CleanupCommand command)
    {
        var before = File.Snapshot();
        Expect.BadField(field, () => Plan(command));
        Expect.BadField(field, () => Clean(command));
        Assert.Equal(before, File.Snapshot());
    }

    private void Changed(string what, CleanupCommand command)
    {
        var before = File.Snapshot();
        var error = Expect.Failure(ErrorKind.Aborted, ErrorReasons.EtagMismatch, () => Clean(command));
        Assert.Equal(what, error.Metadata["changed"]);
        Assert.Equal(before, File.Snapshot());
    }

    private void SetBack(CleanupCommand command)
    {
        var before = File.Snapshot();
        Expect.Refusal(ErrorReasons.ClockSetBack, () => Clean(command));
        Assert.Equal(before, File.Snapshot());
    }
}
