using System.Text;
using Microsoft.EntityFrameworkCore;
using ThreatLens.Benchmarks.Ingest.Samples;

namespace ThreatLens.Benchmarks.Ingest.InProcess;

/// <summary>processing_metrics as EF Core sees it.</summary>
internal sealed class MetricContext(DbContextOptions<MetricContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<MetricEntity>(metric =>
    {
        metric.ToTable("processing_metrics");
        metric.Property(m => m.Id).HasColumnName("id");
        metric.Property(m => m.SourceName).HasColumnName("source_name");
        metric.Property(m => m.MetricType).HasColumnName("metric_type");
        metric.Property(m => m.MetricValue).HasColumnName("metric_value");
        metric.Property(m => m.Timestamp).HasColumnName("timestamp");
        metric.Property(m => m.Metadata).HasColumnName("metric_metadata");
    });
}

/// <summary>A row.</summary>
internal sealed class MetricEntity
{
    public long Id { get; set; }

    public required string SourceName { get; set; }

    public required string MetricType { get; set; }

    public required string MetricValue { get; set; }

    public required string Timestamp { get; set; }

    public string? Metadata { get; set; }

    public static MetricEntity Of(long row)
    {
        Span<byte> time = stackalloc byte[26];
        BenchmarkRow.FormatTime(row, time);
        return new MetricEntity
        {
            SourceName = Text(BenchmarkRow.SourceNames, row),
            MetricType = Text(BenchmarkRow.MetricTypes, row),
            MetricValue = Text(BenchmarkRow.Values, row),
            Timestamp = Encoding.UTF8.GetString(time),
        };
    }

    private static string Text(byte[][] texts, long row) => Encoding.UTF8.GetString(texts[row % texts.Length]);
}
