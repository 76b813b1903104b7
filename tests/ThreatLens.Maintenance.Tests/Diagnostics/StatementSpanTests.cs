using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Diagnostics;

public sealed class StatementSpanTests
{
    private static readonly SqliteDatabase Database = new(new SqliteDatabaseOptions { ConnectionString = "Data Source=/nowhere/x.db" }, TimeProvider.System);
    private static readonly SqlSummary Insert = SqlSummary.Of("INSERT INTO processing_metrics(a) VALUES (1)");

    [Fact]
    public void Start_untraced_has_no_span()
    {
        using var recorder = new ActivityRecorder();
        using (var span = StatementSpan.Start(Database, Insert, isTraced: false))
            span.SetBatchSize(5);

        Assert.Empty(recorder.Ended);
    }

    [Fact]
    public void Fail_untraced_has_a_span_from_its_start_with_the_error()
    {
        using var recorder = new ActivityRecorder();
        var time = new FakeTimeProvider();
        var start = time.GetUtcNow().UtcDateTime;
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = "Data Source=/nowhere/x.db" }, time);
        using (var span = StatementSpan.Start(database, Insert, isTraced: false))
        {
            time.Advance(TimeSpan.FromSeconds(3));
            span.Fail(new InvalidOperationException("broken"));
        }

        var activity = Assert.Single(recorder.Ended);
        Assert.Equal("INSERT processing_metrics", activity.DisplayName);
        Assert.Equal(typeof(InvalidOperationException).FullName, activity.GetTagItem("error.type"));
        Assert.Equal(start, activity.StartTimeUtc);
    }

    [Fact]
    public void SetBatchSize_traced_is_on_the_span()
    {
        using var recorder = new ActivityRecorder();
        using (var span = StatementSpan.Start(Database, Insert))
            span.SetBatchSize(5);

        Assert.Equal(5, Assert.Single(recorder.Ended).GetTagItem("db.operation.batch.size"));
    }
}
