using System.Diagnostics;
using ThreatLens.Testing.Telemetry;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Telemetry;

/// <summary>What a backend gets of the real service: traces, metrics and logs, over OTLP.</summary>
public sealed class ServiceTelemetryTests(TelemetryScenario scenario) : IClassFixture<TelemetryScenario>
{
    private IReadOnlyList<ReceivedSpan> Spans => scenario.Otlp.Spans;

    [Fact]
    public void Operation_whose_caller_waits_is_a_child_of_the_rpc_which_is_a_child_of_the_caller()
    {
        var rpc = scenario.Rpcs("Migrate")[0];
        var operation = scenario.OperationSpan(scenario.Awaited.Id);

        Assert.Equal(scenario.CallerTraceId, rpc.TraceId);
        Assert.NotEqual(string.Empty, rpc.ParentSpanId);
        Assert.True(operation.IsChildOf(rpc), operation.ToString());
        Assert.Equal("maintenance", operation.Service);
        Assert.Equal(scenario.CallerTraceId, scenario.Awaited.TraceId);
        Assert.Equal(TelemetryScenario.Caller, operation.Attributes["threatlens.operation.caller"]);
        Assert.Equal("Succeeded", operation.Attributes["threatlens.operation.state"]);
    }

    [Fact]
    public void Operation_with_wait_timeout_0_is_a_root_linked_to_the_rpc()
    {
        var rpc = scenario.Rpcs("Migrate")[1];
        var operation = scenario.OperationSpan(scenario.Detached.Id);

        Assert.Equal(string.Empty, operation.ParentSpanId);
        Assert.NotEqual(rpc.TraceId, operation.TraceId);
        Assert.True(operation.IsLinkedTo(rpc), operation.ToString());
        Assert.Equal(operation.TraceId, scenario.Detached.TraceId);
    }

    [Fact]
    public void Operation_that_fails_marks_its_span_with_the_reason()
    {
        var operation = scenario.OperationSpan(scenario.FailedId);

        Assert.Equal(ActivityStatusCode.Error, operation.Status);
        Assert.Equal("VERSION_NOT_APPLIED", operation.Attributes["error.type"]);
        Assert.Single(operation.Events, happening => happening.Name == "exception");
    }

    [Fact]
    public void Rpc_span_says_which_method_of_which_system_it_is()
    {
        var rpc = scenario.Rpcs("Migrate")[0];

        Assert.Equal("threatlens.maintenance.v1.DatabaseMaintenance/Migrate", rpc.Name);
        Assert.Equal("grpc", rpc.Attributes.GetValueOrDefault("rpc.system.name") ?? rpc.Attributes.GetValueOrDefault("rpc.system"));
    }

    [Theory]
    [InlineData("000_create_core_tables")]
    [InlineData("001_add_realtime_tables")]
    [InlineData("002_add_realtime_fields")]
    public void Migration_is_a_child_of_its_operation_with_its_statements_below_it(string version)
    {
        var migration = Migration(version);

        Assert.True(migration.IsChildOf(scenario.OperationSpan(scenario.Awaited.Id)), migration.ToString());
        Assert.Equal($"migrate {version}", migration.Name);
        var statements = Spans.Where(span => span.IsChildOf(migration)).ToArray();
        Assert.True(statements.Length >= (long)migration.Attributes["threatlens.migration.statements"]!, $"{statements.Length} statements");
        Assert.All(statements, statement => Assert.InRange(statement.Start, migration.Start, migration.End));
        Assert.Single(statements, statement => statement.Name == "INSERT schema_migrations");
    }

    [Fact]
    public void Migrations_of_a_new_database_are_committed_once_below_their_operation()
    {
        var operation = scenario.OperationSpan(scenario.Awaited.Id);
        var commit = Assert.Single(Spans, span => span.Name == "COMMIT" && span.IsChildOf(operation));

        Assert.All(new[] { "000_create_core_tables", "001_add_realtime_tables", "002_add_realtime_fields" }, version => Assert.True(Migration(version).End <= commit.Start, version));
    }

    [Fact]
    public void Statement_has_the_attributes_of_the_database_conventions()
    {
        var statement = Spans.Single(span => span.IsChildOf(Migration("001_add_realtime_tables")) && span.Name == "CREATE TABLE log_sources");

        Assert.Equal(ActivityKind.Client, statement.Kind);
        Assert.Equal("sqlite", statement.Attributes["db.system.name"]);
        Assert.Equal("sqlite", statement.Attributes["db.system"]);
        Assert.Equal("sqlite", statement.Attributes["peer.service"]);
        Assert.Equal("traced.db", statement.Attributes["db.namespace"]);
        Assert.Equal("log_sources", statement.Attributes["db.collection.name"]);
        Assert.Equal("CREATE TABLE", statement.Attributes["db.operation.name"]);
        Assert.Equal(statement.Name, statement.Attributes["db.query.summary"]);
        Assert.Equal(ActivityStatusCode.Unset, statement.Status);
    }

    [Fact]
    public void Statements_that_carry_values_carry_no_text_and_no_parameters()
    {
        var writes = Spans.Where(span => span.Attributes.GetValueOrDefault("db.operation.name") is "INSERT" or "UPDATE" or "DELETE").ToArray();

        Assert.NotEmpty(writes);
        Assert.All(writes, write => Assert.DoesNotContain("db.query.text", write.Attributes.Keys));
        Assert.DoesNotContain(
            Spans.SelectMany(span => span.Attributes.Keys), key => key.StartsWith("db.query.parameter", StringComparison.Ordinal));
    }

    [Fact]
    public void Statement_durations_are_a_histogram_in_seconds_with_the_buckets_of_the_conventions()
    {
        var durations = scenario.Otlp.Metrics.Where(metric => metric.Name == "db.client.operation.duration").ToArray();

        Assert.Contains(durations, point => point.Attributes["db.operation.name"] is "CREATE TABLE");
        Assert.All(durations, point =>
        {
            Assert.Equal("s", point.Unit);
            Assert.Equal([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10], point.Histogram!.Bounds);
            Assert.True(point.Histogram.Count > 0);
            Assert.Equal(point.Histogram.Count, point.Histogram.Counts.Sum());
        });
    }

    [Theory]
    [InlineData("migrate", "succeeded", 2)]
    [InlineData("rollback", "succeeded", 1)]
    [InlineData("rollback", "failed", 1)]
    public void Operations_are_counted_and_timed_by_kind_and_outcome(string kind, string outcome, int count)
    {
        Assert.Equal(count, Last("threatlens.operations.count", kind, outcome).Value);
        Assert.Equal(count, Last("threatlens.operation.duration", kind, outcome).Histogram!.Count);
    }

    [Fact]
    public void Ingest_counts_its_rows_and_shows_its_queue()
    {
        Assert.Equal(TelemetryScenario.Samples, scenario.Otlp.Metrics.Last(metric => metric.Name == "threatlens.ingest.rows").Value);
        Assert.Equal(0, scenario.Otlp.Metrics.Last(metric => metric.Name == "threatlens.ingest.queue.depth").Value);
    }

    [Fact]
    public void Logs_of_an_operation_have_its_trace_and_span()
    {
        var operation = scenario.OperationSpan(scenario.Awaited.Id);

        var logs = scenario.Otlp.Logs.Where(log => log.Attributes.GetValueOrDefault("OperationId") as string == scenario.Awaited.Id).ToArray();

        Assert.Contains(logs, log => log.Body.Contains("started", StringComparison.Ordinal));
        Assert.Contains(logs, log => log.Body.Contains("ended", StringComparison.Ordinal));
        Assert.All(logs, log => Assert.Equal((operation.TraceId, operation.SpanId), (log.TraceId, log.SpanId)));
    }

    [Fact]
    public void Failure_of_an_operation_is_logged_as_an_error_within_its_trace()
    {
        var operation = scenario.OperationSpan(scenario.FailedId);

        var log = Assert.Single(scenario.Otlp.Logs, log => log.Severity >= 17);

        Assert.Equal(scenario.FailedId, log.Attributes["OperationId"]);
        Assert.Equal(operation.TraceId, log.TraceId);
    }

    [Fact]
    public void Probes_are_served_but_not_traced()
    {
        // That they came is seen in the metrics: the test would mean nothing otherwise.
        var served = scenario.Otlp.Metrics.Where(metric => metric.Name == "http.server.request.duration")
            .Select(metric => (string)metric.Attributes["http.route"]!).ToArray();
        Assert.All(TelemetryScenario.Probes, probe => Assert.Contains(served, route => route.StartsWith(probe, StringComparison.Ordinal)));

        Assert.DoesNotContain(Spans, span => span.Attributes.GetValueOrDefault("url.path") is string path
            && TelemetryScenario.Probes.Any(probe => path.StartsWith(probe, StringComparison.Ordinal)));
    }

    private ReceivedSpan Migration(string version) => Spans.Single(span =>
        span.TraceId == scenario.CallerTraceId && span.Attributes.GetValueOrDefault("threatlens.migration.version") as string == version);

    private ReceivedMetric Last(string name, string kind, string outcome) => scenario.Otlp.Metrics.Last(metric =>
        metric.Name == name
        && metric.Attributes.GetValueOrDefault("threatlens.operation.kind") as string == kind
        && metric.Attributes.GetValueOrDefault("threatlens.operation.outcome") as string == outcome);
}
