using Grpc.Net.Client;
using Microsoft.Data.Sqlite;
using ThreatLens.Benchmarks.Ingest;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing.Processes;

namespace ThreatLens.Benchmarks.Health;

/// <summary>How long after a subscription its first message is there: of the real service, from the moment it listens, and while somebody else holds the database.</summary>
internal static class FirstMessagePart
{
    private const int Starts = 5;
    private const int Subscriptions = 60;
    private const double Bar = 100;

    public static async Task RunAsync(HealthDatabase database, IngestReport report)
    {
        await MeasureAsync(database, isHeld: false, report);
        await MeasureAsync(database, isHeld: true, report);
    }

    private static async Task MeasureAsync(HealthDatabase database, bool isHeld, IngestReport report)
    {
        var (first, all, reports) = (new List<double>(), new List<double>(), 0);
        for (var start = 0; start < Starts; start++)
        {
            using var somebody = isHeld ? Hold(database) : null;
            await using var service = await MaintenanceProcess.StartAsync($"Data Source={database.Path}", new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["Maintenance__Scheduling__Enabled"] = "false" });
            using var channel = GrpcChannel.ForAddress(service.Grpc);
            await channel.ConnectAsync();
            for (var i = 0; i < Subscriptions; i++)
            {
                var (took, isReport) = await SubscribeAsync(channel);
                (i == 0 ? first : all).Add(took);
                reports += isReport ? 1 : 0;
            }
        }

        var name = isHeld ? "held by another process" : "free";
        IngestReport.Tell($"first messages, database {name}: median {HealthHost.At(all, 0.5):0.0} ms, p99 {HealthHost.At(all, 0.99):0.0} ms; of the first subscription of a process {string.Join(", ", first.Select(ms => FormattableString.Invariant($"{ms:0}")))} ms; {reports} of {Starts * Subscriptions} were reports");
        report.Below($"first message p99, ms, database {name}", HealthHost.At(all, 0.99), Bar);
        report.Below($"first message of a process, slowest, ms, database {name}", first.Max(), Bar);
    }

    private static async Task<(double Milliseconds, bool IsReport)> SubscribeAsync(GrpcChannel channel)
    {
        var begun = TimeProvider.System.GetTimestamp();
        using var call = new DatabaseMaintenance.DatabaseMaintenanceClient(channel).HealthReport(new HealthReportRequest());
        return await call.ResponseStream.MoveNext(CancellationToken.None)
            ? (TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds, !call.ResponseStream.Current.Heartbeat)
            : throw new InvalidOperationException("The stream ended without a message.");
    }

    /// <summary>Nobody else can as much as read.</summary>
    private static SqliteConnection Hold(HealthDatabase database)
    {
        var connection = new SqliteConnection($"Data Source={database.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA user_version = 0;";
        command.ExecuteNonQuery();
        return connection;
    }
}
