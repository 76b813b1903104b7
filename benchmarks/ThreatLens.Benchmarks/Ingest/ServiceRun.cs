using System.Globalization;
using System.Text.Json;
using ThreatLens.Benchmarks.Ingest.Client;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;

namespace ThreatLens.Benchmarks.Ingest;

/// <summary>The real service as a process on a port of its own, over a database of its own.</summary>
internal sealed class ServiceRun : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly MaintenanceProcess _process;

    private ServiceRun(TemporaryFolder folder, MaintenanceProcess process)
    {
        _folder = folder;
        _process = process;
    }

    /// <summary>Starts it; the database has the whole schema when this returns.</summary>
    /// <param name="settings">As <c>Maintenance__Ingest__MaxGroupRows=1000</c>.</param>
    public static async Task<ServiceRun> StartAsync(IEnumerable<string> settings)
    {
        var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["Maintenance__MigrateOnStartup"] = "true" };
        foreach (var setting in settings.Select(s => s.Split('=', 2)))
            environment[setting[0]] = setting[1];
        var process = await MaintenanceProcess.StartAsync(folder.File("threatlens.db"), environment);
        await process.WaitForHealthAsync();
        return new ServiceRun(folder, process);
    }

    /// <summary>A database with the whole schema, as the service leaves it; closed.</summary>
    public static async Task<string> MakeTemplateAsync(string path)
    {
        await using var service = await StartAsync([]);
        await service._process.StopAsync();
        File.Copy(service._folder.File("threatlens.db"), path);
        return path;
    }

    /// <summary>Resident memory now, MiB.</summary>
    public double Memory => File.ReadLines($"/proc/{_process.Process.Id}/status")
        .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024).Single();

    /// <summary>Processor seconds it has used, by thread: "metrics writer", "checkpoints" and all others as "".</summary>
    public IReadOnlyDictionary<string, double> Cpu => Directory.EnumerateDirectories($"/proc/{_process.Process.Id}/task")
        .Select(ThreadTime).GroupBy(t => t.Name is "metrics writer" or "checkpoints" ? t.Name : "").ToDictionary(g => g.Key, g => g.Sum(t => t.Seconds));

    /// <summary>Processor microseconds for each of so many samples, in words, since an earlier look at <see cref="Cpu"/>.</summary>
    public string CpuSince(IReadOnlyDictionary<string, double> before, long samples) => string.Join(", ", Cpu.OrderBy(c => c.Key).Select(c =>
        string.Create(CultureInfo.InvariantCulture, $"{(c.Key.Length == 0 ? "others" : c.Key)} {(c.Value - before.GetValueOrDefault(c.Key)) * 1e6 / samples:0.0}")));

    /// <summary>Size of the write-ahead log now, MiB.</summary>
    public double Wal => new FileInfo(_folder.File("threatlens.db-wal")) is { Exists: true } wal ? wal.Length / 1048576.0 : 0;

    /// <summary>Runs the client, a process of its own.</summary>
    public async Task<LoadResult> LoadAsync(int producers, int batch, double rate, double warmUp, double seconds)
    {
        var load = new Load(_process.Grpc.ToString(), producers, batch, rate, warmUp, seconds);
        await using var client = ChildProcess.StartDotnet(typeof(ServiceRun).Assembly.Location, _folder.Path, [LoadCommand.Name, JsonSerializer.Serialize(load)]);
        if (await client.WaitForExitAsync(TimeSpan.FromSeconds(warmUp + seconds + 60)) != 0)
            throw new InvalidOperationException($"The client failed:\n{string.Join('\n', client.Output)}\n{string.Join('\n', _process.Process.Output)}");
        // The last lines of output may come after the exit.
        return JsonSerializer.Deserialize<LoadResult>(await client.WaitForLineAsync(line => line.StartsWith('{')))!;
    }

    private static (string Name, double Seconds) ThreadTime(string task)
    {
        const int TicksASecond = 100;
        // pid (name) state ppid ...; the 12th and 13th after the name are the ticks in user and in kernel mode.
        var stat = File.ReadAllText(Path.Combine(task, "stat"));
        var (open, close) = (stat.IndexOf('('), stat.LastIndexOf(')'));
        var fields = stat[(close + 2)..].Split(' ');
        return (stat[(open + 1)..close], (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / (double)TicksASecond);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
