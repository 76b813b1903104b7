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
        if (PageTokens.Read(request.PageToken, FilterOf(request)) is not { } token)
            return (ToQuery(request, WindowMapping.ToDomain(request.Window, DefaultWindow, now)), null);
        var (from, to, position) = WindowMapping.Resume(token);
        return (ToQuery(request, (from, to)), position);
    }

    public static Contract.GetProcessingMetricsResponse ToContract(this MetricPage page, Contract.GetProcessingMetricsRequest request, MetricQuery query) => new()
    {
        Metrics = { page.Entries.Select(ToContract) },
        NextPageToken = page.Next is null ? "" : PageTokens.Write(FilterOf(request), WindowMapping.Write(query.From, query.To, page.Next)),
        Window = WindowMapping.ToContract(query.Window.From, query.Window.To),
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

    private static MetricQuery ToQuery(Contract.GetProcessingMetricsRequest request, (DateTimeOffset From, DateTimeOffset To) window) => new()
    {
        From = window.From,
        To = window.To,
        SourceName = Requests.ToName("source_name", request.SourceName, IngestLimits.MaxNameLength),
        MetricType = Requests.ToName("metric_type", request.MetricType, IngestLimits.MaxMetricTypeLength),
        Resolution = ToDomain(request.Resolution),
    };

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
}
