using System.Net;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;
using static Grpc.Health.V1.Health;
using static ThreatLens.Maintenance.V1.DatabaseMaintenance;
using static ThreatLens.Maintenance.V1.MetricsIngest;

namespace ThreatLens.Maintenance.Grpc.Tests;

/// <summary>
/// The service as a process of its own with a database in a folder of its own, called over a real connection, with a bystander's look at
/// the file. At the end the log is searched: no test may have met a defect of the service.
/// </summary>
public sealed class RunningService : IAsyncDisposable
{
    /// <summary>
    /// Setting of a service whose database is to hold still: what other programs store is not summed up in the background. With
    /// <see cref="SettledAsync"/> it then writes nothing but what calls make it write.
    /// </summary>
    public const string Quiet = "Maintenance__Ingest__Rollups=false";

    private readonly TemporaryFolder _folder;
    private readonly Dictionary<string, string?> _environment;
    private readonly string _connectionString;
    private readonly List<GrpcChannel> _channels = [];

    private RunningService(TemporaryFolder folder, string connectionString, Dictionary<string, string?> environment)
    {
        _folder = folder;
        _connectionString = connectionString;
        _environment = environment;
        Database = new SqliteFile(new SqliteConnectionStringBuilder(connectionString).DataSource);
    }

    public MaintenanceProcess Process { get; private set; } = null!;

    public SqliteFile Database { get; }

    public GrpcChannel Channel { get; private set; } = null!;

    public DatabaseMaintenanceClient Maintenance { get; private set; } = null!;

    public MetricsIngestClient Ingest { get; private set; } = null!;

    public HealthClient Health { get; private set; } = null!;

    /// <summary>Starts it, and waits for /health to be 200 unless told otherwise.</summary>
    /// <param name="path">Database file or connection string; null: a new file in a folder of its own.</param>
    /// <param name="waitForHealth">Whether to wait until it is ready.</param>
    /// <param name="environment">Settings, as <c>Maintenance__Ingest__MaxQueuedBytes=1</c>.</param>
    public static async Task<RunningService> StartAsync(string? path = null, bool waitForHealth = true, params IEnumerable<string> environment)
    {
        var folder = new TemporaryFolder();
        path ??= folder.File("threatlens.db");
        var connectionString = path.Contains('=', StringComparison.Ordinal) ? path : $"Data Source={path}";
        var service = new RunningService(folder, connectionString, Parse(environment));
        await service.StartProcessAsync();
        if (waitForHealth)
            await service.Process.WaitForHealthAsync();
        return service;
    }

    /// <summary>Waits for the one health sample that a service stores when it starts on a database with tables; the next one comes after a day.</summary>
    public Task SettledAsync() =>
        Eventually.UntilAsync(() => Database.Scalar("SELECT count(*) FROM maintenance_health_samples") is > 0L, "the health sample of the start");

    /// <summary>Moves all of the write-ahead log into the file, so that the service's own checkpoint has nothing to move later.</summary>
    public Task EmptyLogAsync() =>
        Eventually.UntilAsync(() => Database.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") is 0L, "the write-ahead log is empty");

    /// <summary>Kills it (SIGKILL) if it still runs, and starts it again on the same database.</summary>
    public async Task RestartAsync(bool waitForHealth = true, params IEnumerable<string> environment)
    {
        await EndProcessAsync();
        foreach (var (name, value) in Parse(environment))
            _environment[name] = value;
        await StartProcessAsync();
        if (waitForHealth)
            await Process.WaitForHealthAsync();
    }

    /// <summary>A connection of its own; this object closes it.</summary>
    public GrpcChannel NewChannel()
    {
        var channel = GrpcChannel.ForAddress(Process.Grpc, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
            DisposeHttpClient = true,
        });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>Status and body of /health.</summary>
    public async Task<(HttpStatusCode Code, string Body)> GetHealthAsync()
    {
        using var http = new HttpClient { BaseAddress = Process.Http };
        using var response = await http.GetAsync("/health");
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What the gRPC health service says of a service; empty: of all.</summary>
    public async Task<HealthCheckResponse.Types.ServingStatus> ServingAsync(string service) =>
        (await Health.CheckAsync(new HealthCheckRequest { Service = service })).Status;

    public async Task<string> CurrentVersionAsync() => (await Maintenance.StatusAsync(new StatusRequest())).CurrentVersion;

    public async ValueTask DisposeAsync()
    {
        await EndProcessAsync();
        _folder.Dispose();
    }

    private async Task StartProcessAsync()
    {
        Process = await MaintenanceProcess.StartAsync(_connectionString, _environment);
        Channel = NewChannel();
        Maintenance = new DatabaseMaintenanceClient(Channel);
        Ingest = new MetricsIngestClient(Channel);
        Health = new HealthClient(Channel);
    }

    private async Task EndProcessAsync()
    {
        foreach (var channel in _channels)
            channel.Dispose();
        _channels.Clear();
        await Process.DisposeAsync();
        var defects = Process.Process.Output.Where(line => line.Contains("by a defect", StringComparison.Ordinal) || line.Contains("nhandled exception", StringComparison.Ordinal));
        Assert.True(!defects.Any(), $"The service's log tells of defects:\n{string.Join('\n', Process.Process.Output)}");
    }

    private static Dictionary<string, string?> Parse(IEnumerable<string> settings) =>
        settings.Select(s => s.Split('=', 2)).ToDictionary(s => s[0], s => (string?)s[1]);
}
