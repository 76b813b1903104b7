using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Health.Samples;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Benchmarks.Health;

/// <summary>The service's own parts over a database, in this process and not started: nothing goes on but what is asked for.</summary>
internal sealed class HealthHost : IDisposable
{
    private readonly IHost _host;

    public HealthHost(string path)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:threatlens"] = $"Data Source={path}", ["Maintenance:Backups:Directory"] = path + "-backups" });
        builder.Logging.ClearProviders();
        builder.AddMaintenance();
        _host = builder.Build();
    }

    public HealthReporter Reporter => _host.Services.GetRequiredService<HealthReporter>();

    public IngestWriter Writer => _host.Services.GetRequiredService<IngestWriter>();

    /// <summary>Takes every sample once, and tells what each cost, milliseconds.</summary>
    public IReadOnlyList<(string Name, double Milliseconds)> TakeSamples()
    {
        var statistics = _host.Services.GetRequiredService<StatisticsSampler>();
        var costs = new List<(string, double)> { ("events, notifications, sizes", Time(() => statistics.Sample(CancellationToken.None))) };
        costs.AddRange(_host.Services.GetServices<IBackgroundSample>().Select(s => (s.GetType().Name, Time(() => s.Take(CancellationToken.None)))));
        return costs;
    }

    /// <summary>Milliseconds that making a full report takes.</summary>
    public double Report() => Time(() =>
    {
        if (Reporter.Report([], CancellationToken.None).Sections.Count != Enum.GetValues<HealthSectionKind>().Length)
            throw new InvalidOperationException("A section is missing.");
    });

    public void Dispose() => _host.Dispose();

    public static double Time(Action action)
    {
        var begun = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
    }

    public static double At(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * share))];
    }
}
