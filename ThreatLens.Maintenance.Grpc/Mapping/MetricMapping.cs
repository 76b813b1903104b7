using System.Globalization;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Statistics;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Processing metrics between the domain and the contract.</summary>
internal static class MetricMapping
{
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromHours(1);

    /// <summary>Reads a request. The window of a page after the first is that of the first, which may have been counted from its "now".</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static (MetricQuery Query, string? After) ToDomain(Contract.GetProcessingMetricsRequest request, DateTimeOffset now)
    {
        var query = new MetricQuery
        {
            From = request.Window is null ? now - DefaultWindow : ToMoment("window.start_time", request.Window.StartTime) ?? DateTimeOffset.MinValue,
            To = ToMoment("window.end_time", request.Window?.EndTime) ?? now,
            SourceName = ToName("source_name", request.SourceName, IngestLimits.MaxNameLength),
            MetricType = ToName("metric_type", request.MetricType, IngestLimits.MaxMetricTypeLength),
            Resolution = ToDomain(request.Resolution),
        };
        if (PageTokens.Read(request.PageToken, FilterOf(request)) is { } position)
            return Resume(query, position);
        if (query.To < query.From)
            throw MaintenanceException.InvalidArgument(request.Window?.EndTime is null ? "window.start_time" : "window.end_time", "the window ends before it begins");
        return (query, null);
    }

    public static Contract.GetProcessingMetricsResponse ToContract(this MetricPage page, Contract.GetProcessingMetricsRequest request, MetricQuery query) => new()
    {
        Metrics = { page.Entries.Select(ToContract) },
        NextPageToken = page.Next is null ? "" : PageTokens.Write(FilterOf(request), string.Create(CultureInfo.InvariantCulture, $"{query.From.UtcTicks} {query.To.UtcTicks} {page.Next}")),
        Window = new Contract.TimeRange { StartTime = query.Window.From.ToTimestamp(), EndTime = query.Window.To.ToTimestamp() },
    };

    private static Contract.ProcessingMetric ToContract(MetricEntry entry)
    {
        var metric = new Contract.ProcessingMetric
        {
            SourceName = entry.SourceName,
            MetricType = entry.MetricType,
            Time = entry.Time.ToTimestamp(),
            MetricValue = entry.Value ?? "",
            MetricMetadata = entry.Metadata ?? "",
        };
        if (entry.Summary is { } summary)
        {
            (metric.Count, metric.NonNumericCount) = (summary.Count, summary.NonNumericCount);
            (metric.Sum, metric.Min, metric.Max, metric.Last) = (summary.Sum, summary.Min, summary.Max, summary.Last);
        }

        return metric;
    }

    private static (MetricQuery, string) Resume(MetricQuery query, string position)
    {
        var parts = position.Split(' ', 3);
        return parts.Length == 3 && ToMoment(parts[0]) is { } from && ToMoment(parts[1]) is { } to
            ? (query with { From = from, To = to }, parts[2])
            : throw MaintenanceException.InvalidArgument("page_token", "is not the next_page_token of a page with the same filters");
    }

    private static DateTimeOffset? ToMoment(string ticks) =>
        long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= DateTimeOffset.MaxValue.UtcTicks ? new DateTimeOffset(number, TimeSpan.Zero) : null;

    /// <summary>What the pages of a list have in common. One line, whatever a name holds.</summary>
    private static string FilterOf(Contract.GetProcessingMetricsRequest request) => "metrics " + JsonSerializer.Serialize(new[]
    {
        request.Window?.ToString(), request.SourceName, request.MetricType, ToDomain(request.Resolution).ToString(),
    });

    private static MetricResolution ToDomain(Contract.MetricResolution resolution) => resolution switch
    {
        Contract.MetricResolution.Unspecified or Contract.MetricResolution.Raw => MetricResolution.Raw,
        Contract.MetricResolution.Minute => MetricResolution.Minute,
        Contract.MetricResolution.Hour => MetricResolution.Hour,
        _ => throw MaintenanceException.InvalidArgument("resolution", $"{(int)resolution} is no MetricResolution"),
    };

    private static string? ToName(string field, string name, int max)
    {
        if (Requests.Characters(name) > max)
            throw MaintenanceException.InvalidArgument(field, $"has {Requests.Characters(name)} characters; at most {max} are stored");
        if (name.Contains('\0', StringComparison.Ordinal))
            throw MaintenanceException.InvalidArgument(field, "contains the character U+0000; leave it out");
        return name.Length == 0 ? null : name;
    }

    /// <summary>A moment, rounded up to microseconds, which metrics are stored in: right for both ends of a half-open range.</summary>
    private static DateTimeOffset? ToMoment(string field, Timestamp? time)
    {
        const int NanosPerMicrosecond = 1_000;
        if (time is null)
            return null;
        var isValid = time.Nanos is >= 0 and < 1_000_000_000
            && time.Seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && time.Seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        if (!isValid)
            throw MaintenanceException.InvalidArgument(field, "is no time between the years 1 and 9999");
        var ticks = DateTimeOffset.FromUnixTimeSeconds(time.Seconds).UtcTicks + ((time.Nanos + NanosPerMicrosecond - 1) / NanosPerMicrosecond * TimeSpan.TicksPerMicrosecond);
        return new DateTimeOffset(Math.Min(ticks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);
    }
}
