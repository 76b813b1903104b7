using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.Collections;
using ThreatLens.Testing.Telemetry.Otlp;

namespace ThreatLens.Testing.Telemetry;

/// <summary>From the protocol's messages to what tests compare.</summary>
internal static class Received
{
    public static IEnumerable<ReceivedSpan> Spans(ExportTraceServiceRequest request) =>
        from resource in request.ResourceSpans
        let attributes = Attributes(resource.Resource.Attributes)
        from scope in resource.ScopeSpans
        from span in scope.Spans
        select new ReceivedSpan
        {
            Service = Service(attributes),
            Resource = attributes,
            Scope = scope.Scope?.Name ?? string.Empty,
            Name = span.Name,
            Kind = (ActivityKind)(span.Kind - 1),
            TraceId = Hex(span.TraceId),
            SpanId = Hex(span.SpanId),
            ParentSpanId = Hex(span.ParentSpanId),
            Links = [.. span.Links.Select(link => new ReceivedLink(Hex(link.TraceId), Hex(link.SpanId)))],
            Attributes = Attributes(span.Attributes),
            Events = [.. span.Events.Select(e => new ReceivedEvent(e.Name, Time(e.TimeUnixNano), Attributes(e.Attributes)))],
            Status = (ActivityStatusCode)(span.Status?.Code ?? 0),
            StatusMessage = span.Status?.Message ?? string.Empty,
            Start = Time(span.StartTimeUnixNano),
            End = Time(span.EndTimeUnixNano),
        };

    public static IEnumerable<ReceivedMetric> Metrics(ExportMetricsServiceRequest request) =>
        from resource in request.ResourceMetrics
        let service = Service(Attributes(resource.Resource.Attributes))
        from scope in resource.ScopeMetrics
        from metric in scope.Metrics
        from point in Points(metric)
        select point with { Service = service, Scope = scope.Scope?.Name ?? string.Empty };

    public static IEnumerable<ReceivedLog> Logs(ExportLogsServiceRequest request) =>
        from resource in request.ResourceLogs
        let service = Service(Attributes(resource.Resource.Attributes))
        from scope in resource.ScopeLogs
        from log in scope.LogRecords
        select new ReceivedLog
        {
            Service = service,
            Scope = scope.Scope?.Name ?? string.Empty,
            Body = Value(log.Body)?.ToString() ?? string.Empty,
            Severity = log.SeverityNumber,
            Attributes = Attributes(log.Attributes),
            TraceId = Hex(log.TraceId),
            SpanId = Hex(log.SpanId),
        };

    public static string Describe(IReadOnlyDictionary<string, object?> attributes) =>
        "{" + string.Join(", ", attributes.Select(attribute => $"{attribute.Key}={attribute.Value}")) + "}";

    private static IEnumerable<ReceivedMetric> Points(Metric metric) => metric.DataCase switch
    {
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Select(point => Number(metric, point)),
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Select(point => Number(metric, point)),
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Select(point => Histogram(metric, point)),
        _ => [],
    };

    private static ReceivedMetric Number(Metric metric, NumberDataPoint point) => Point(
        metric,
        point.Attributes,
        point.TimeUnixNano,
        point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble);

    private static ReceivedMetric Histogram(Metric metric, HistogramDataPoint point) =>
        Point(metric, point.Attributes, point.TimeUnixNano, point.Sum) with
        {
            Histogram = new ReceivedHistogram(
                (long)point.Count,
                [.. point.ExplicitBounds],
                [.. point.BucketCounts.Select(count => (long)count)]),
        };

    private static ReceivedMetric Point(Metric metric, RepeatedField<KeyValue> attributes, ulong time, double value) => new()
    {
        Service = string.Empty,
        Scope = string.Empty,
        Name = metric.Name,
        Unit = metric.Unit,
        Attributes = Attributes(attributes),
        Time = Time(time),
        Value = value,
    };

    private static string Service(Dictionary<string, object?> resource) =>
        resource.GetValueOrDefault("service.name") as string ?? string.Empty;

    private static Dictionary<string, object?> Attributes(RepeatedField<KeyValue> attributes)
    {
        var result = new Dictionary<string, object?>();
        foreach (var attribute in attributes)
            result[attribute.Key] = Value(attribute.Value);
        return result;
    }

    private static object? Value(AnyValue? value) => value?.ValueCase switch
    {
        AnyValue.ValueOneofCase.StringValue => value.StringValue,
        AnyValue.ValueOneofCase.BoolValue => value.BoolValue,
        AnyValue.ValueOneofCase.IntValue => value.IntValue,
        AnyValue.ValueOneofCase.DoubleValue => value.DoubleValue,
        AnyValue.ValueOneofCase.ArrayValue => value.ArrayValue.Values.Select(Value).ToArray(),
        _ => null,
    };

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static DateTimeOffset Time(ulong unixNanoseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)(unixNanoseconds / TimeSpan.NanosecondsPerTick));
}
