using System.Net;
using System.Text.RegularExpressions;
using ThreatLens.Testing.Connections;

namespace ThreatLens.Testing.Processes;

/// <summary>The real service as a real process, on ports of its own.</summary>
public sealed partial class MaintenanceProcess : IAsyncDisposable
{
    private const string Project = "ThreatLens.Maintenance.Grpc";
    private readonly ChildProcess _process;

    private MaintenanceProcess(ChildProcess process, Uri grpc, Uri http)
    {
        _process = process;
        Grpc = grpc;
        Http = http;
    }

    /// <summary>Address of the gRPC endpoint.</summary>
    public Uri Grpc { get; }

    /// <summary>Address of /health and /alive.</summary>
    public Uri Http { get; }

    public ChildProcess Process => _process;

    /// <summary>Starts the service on a database and waits until it listens; not until it is healthy.</summary>
    /// <param name="databasePath">Path of the file; a full connection string is taken as it is.</param>
    /// <param name="environment">Further environment variables; they win.</param>
    /// <param name="grpc">Address to use again after a restart; null: one that nobody else has.</param>
    /// <param name="workingDirectory">Where it is started from; null: the project's folder.</param>
    public static async Task<MaintenanceProcess> StartAsync(string databasePath, IDictionary<string, string?>? environment = null, Uri? grpc = null, string? workingDirectory = null)
    {
        var variables = new Dictionary<string, string?>
        {
            ["ConnectionStrings__threatlens"] = databasePath.Contains('=', StringComparison.Ordinal) ? databasePath : $"Data Source={databasePath}",
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Kestrel__Endpoints__grpc__Url"] = grpc?.ToString() ?? $"http://{OwnAddress.Next()}:0",
            ["Kestrel__Endpoints__http__Url"] = "http://127.0.0.1:0",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null,
            // At the hours of the default schedules a backup or a cleanup would come into the middle of a test.
            ["Maintenance__Scheduling__Enabled"] = "false",
            // The first is stored at the start; those of every five minutes, too, would come into the middle of a test.
            ["Maintenance__History__Interval"] = "1.00:00:00",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            variables[name] = value;
        var process = ChildProcess.StartDotnet(Repository.Assembly(Project), workingDirectory ?? Repository.ProjectFolder(Project), [], variables);
        try
        {
            await process.WaitForLineAsync(line => line.Contains("Application started", StringComparison.Ordinal));
            // Kestrel announces its endpoints in the order of their names: grpc, http.
            var urls = process.Output.Select(line => Listening().Match(line)).Where(m => m.Success).Select(m => new Uri(m.Groups[1].Value)).ToList();
            return new MaintenanceProcess(process, urls[0], urls[1]);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until /health answers with this status code.</summary>
    public async Task<string> WaitForHealthAsync(HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var http = new HttpClient { BaseAddress = Http };
        var (_, body) = await Eventually.AsyncUntil(
            async () =>
            {
                using var response = await http.GetAsync("/health");
                return (response.StatusCode, Body: await response.Content.ReadAsStringAsync());
            },
            health => health.StatusCode == expected, $"/health is {expected}", () => $"Output:\n{string.Join('\n', _process.Output)}");
        return body;
    }

    /// <summary>Ends it without warning.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Asks it to end.</summary>
    public Task<int> StopAsync() => _process.StopAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [GeneratedRegex(@"Now listening on: (http\S+)")]
    private static partial Regex Listening();
}
