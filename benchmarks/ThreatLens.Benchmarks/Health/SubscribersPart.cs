using System.Diagnostics;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Net.Client;
using ThreatLens.Benchmarks.Ingest;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Processes;

namespace ThreatLens.Benchmarks.Health;

/// <summary>The real service over the large database with two hundred subscribers at one second: its processor time.</summary>
internal static class SubscribersPart
{
    private const int Subscribers = 200;

    public static async Task RunAsync(HealthDatabase large, double seconds, IngestReport report)
    {
        var environment = new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["Maintenance__Backups__Directory"] = large.Path + "-backups", ["Maintenance__Scheduling__Enabled"] = "false" };
        await using var service = await MaintenanceProcess.StartAsync($"Data Source={large.Path}", environment);
        await service.WaitForHealthAsync();
        using var channel = GrpcChannel.ForAddress(service.Grpc, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true }, DisposeHttpClient = true });
        await CheckedAsync(channel);
        var idle = await ShareAsync(service, seconds);

        using var stop = new CancellationTokenSource();
        var received = 0L;
        var bytes = 0L;
        var subscribers = Enumerable.Range(0, Subscribers).Select(i => Task.Run(async () =>
        {
            // They come as they come, not all in the same moment.
            await Task.Delay(i * 1000 / Subscribers);
            using var call = new DatabaseMaintenance.DatabaseMaintenanceClient(channel).HealthReport(new HealthReportRequest { Interval = new Duration { Seconds = 1 } });
            while (!stop.IsCancellationRequested && await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                Interlocked.Increment(ref received);
                if (i == 0)
                    bytes = call.ResponseStream.Current.CalculateSize();
            }
        })).ToList();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var before = Interlocked.Read(ref received);
        var begun = Stopwatch.GetTimestamp();
        var busy = await ShareAsync(service, seconds);
        var rate = (Interlocked.Read(ref received) - before) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(subscribers);
        IngestReport.Tell($"{Subscribers} subscribers at 1 s: {rate:0} reports a second of {bytes} bytes; service {busy:P1} of a core, without them {idle:P1}");
        report.Below("service with 200 subscribers at 1 s, of a core", busy, 0.2);
        report.AtLeast("reports a second that they got", rate, Subscribers * 0.95);
    }

    /// <summary>The check of the whole file at the start is not what is measured.</summary>
    private static async Task CheckedAsync(GrpcChannel channel)
    {
        using var call = new DatabaseMaintenance.DatabaseMaintenanceClient(channel).HealthReport(new HealthReportRequest { Sections = { HealthSectionKind.Integrity }, Interval = new Duration { Seconds = 1 } });
        while (await call.ResponseStream.MoveNext(CancellationToken.None) && call.ResponseStream.Current.Overall == HealthStatus.Unknown)
        {
        }
    }

    private static async Task<double> ShareAsync(MaintenanceProcess service, double seconds)
    {
        var (begun, before) = (Stopwatch.GetTimestamp(), Ticks(service));
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return (Ticks(service) - before) / 100.0 / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    private static long Ticks(MaintenanceProcess service)
    {
        var stat = File.ReadAllText($"/proc/{service.Process.Id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }
}
