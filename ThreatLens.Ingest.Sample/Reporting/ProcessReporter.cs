using System.Diagnostics;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Client.Ingestion;

namespace ThreatLens.Ingest.Sample.Reporting;

/// <summary>
/// Reports what this process itself costs, as any service would that has single metrics rather than files: Add, and the sender does the
/// rest. The metrics' source is the producer's id.
/// </summary>
/// <param name="sender">Sends them.</param>
/// <param name="options">How often, and as whom.</param>
/// <param name="time">Clock.</param>
internal sealed class ProcessReporter(MetricSender sender, IOptions<IngestOptions> options, TimeProvider time) : BackgroundService
{
    /// <summary>Name of the sender in the configuration: it has a producer id beside the one that the files' positions are kept under.</summary>
    public const string SenderName = "process";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.ProcessMetricsInterval < TimeSpan.FromMilliseconds(1))
            return;
        using var process = Process.GetCurrentProcess();
        using var timer = new PeriodicTimer(options.Value.ProcessMetricsInterval, time);
        var (before, since) = (process.TotalProcessorTime, time.GetTimestamp());
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            process.Refresh();
            var (used, now) = (process.TotalProcessorTime, time.GetTimestamp());
            sender.Add(options.Value.ProducerId, "process_cpu_cores", (used - before) / time.GetElapsedTime(since, now));
            sender.Add(options.Value.ProducerId, "process_working_set_bytes", process.WorkingSet64);
            sender.Add(options.Value.ProducerId, "process_uptime_seconds", (time.GetLocalNow() - process.StartTime).TotalSeconds);
            (before, since) = (used, now);
        }
    }

    /// <summary>The sender's settings where the configuration says nothing else. Two ids, for two streams of one process.</summary>
    public static void Configure(MetricSenderSettings settings, IConfiguration configuration)
    {
        const string suffix = "/process";
        var producer = configuration.GetSection(IngestOptions.Section)[nameof(IngestOptions.ProducerId)] ?? IngestOptions.DefaultProducerId;
        settings.ServiceName ??= "maintenance";
        settings.ProducerId ??= producer[..Math.Min(producer.Length, 255 - suffix.Length)] + suffix;
    }
}
