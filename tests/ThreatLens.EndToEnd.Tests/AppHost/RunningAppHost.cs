using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ThreatLens.Testing;
using ThreatLens.Testing.Connections;
using ThreatLens.Testing.Processes;

namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>The AppHost with its built-in host as a process of its own, on free ports and a database file of its own.</summary>
internal sealed partial class RunningAppHost : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = [];
    private readonly DirectoryInfo _folder;

    private RunningAppHost(Process process, DirectoryInfo folder)
    {
        (_process, _folder) = (process, folder);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public int Id => _process.Id;

    /// <summary>Path of its database, unless the test gave another.</summary>
    public string DatabasePath => Path.Combine(_folder.FullName, "threatlens.db");

    public int GrpcPort { get; private init; }

    public int HttpPort { get; private init; }

    public IReadOnlyList<string> Lines => [.. _lines];

    public string Output => string.Join('\n', _lines);

    /// <summary>Starts it with <paramref name="variables"/> on top of the test's own environment; <paramref name="command"/> is what runs
    /// it, by default <c>dotnet</c> with its assembly.</summary>
    public static async Task<RunningAppHost> StartAsync(IReadOnlyDictionary<string, string>? variables = null, params string[] command)
    {
        var assembly = await AppHostBuild.AssemblyAsync();
        string[] all = command.Length > 0 ? command : ["dotnet", assembly];
        var folder = Directory.CreateTempSubdirectory("threatlens-apphost-");
        var (grpc, http) = (FreePort.Next(), FreePort.Next());
        var start = new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppHostBuild.Repository,
        };
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["Ports__Grpc"] = grpc.ToString(CultureInfo.InvariantCulture);
        start.Environment["Ports__Http"] = http.ToString(CultureInfo.InvariantCulture);
        start.Environment["ConnectionStrings__threatlens"] = $"Data Source={Path.Combine(folder.FullName, "threatlens.db")}";
        // The sample's demo logs, when it writes any: never those in the user's own folder.
        start.Environment["Ingest__DemoDirectory"] = Path.Combine(folder.FullName, "demo-logs");
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        Signals.StopIgnoring(Signals.Interrupt);
        var running = new RunningAppHost(new Process { StartInfo = start }, folder) { GrpcPort = grpc, HttpPort = http };
        running._process.Start();
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    public void Type(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    public void EndInput() => _process.StandardInput.Close();

    public void Signal(int signal) => Signals.Send(Id, signal);

    /// <summary>The first line that holds <paramref name="text"/>, waiting for it.</summary>
    public async Task<string> LineAsync(string text)
    {
        await Eventually.TrueAsync(() => Find(text) is not null || _process.HasExited, () => $"no '{text}' in:\n{Output}");
        return Find(text) ?? throw new InvalidOperationException($"The AppHost ended without '{text}':\n{Output}");
    }

    /// <summary>The id of the newest process of <paramref name="resource"/>, waiting for its start.</summary>
    public async Task<int> ProcessAsync(string resource)
    {
        await LineAsync($"| {resource} started (pid ");
        return Lines.Select(line => Started().Match(line))
            .Last(match => match.Success && match.Groups["name"].Value == resource)
            .Groups["id"].Value is var id ? int.Parse(id, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The exit code, waiting for the end.</summary>
    public async Task<int> EndAsync()
    {
        using var deadline = new CancellationTokenSource(Eventually.Limit);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        // After a failed assertion: nothing may be left for the next test.
        foreach (var id in StartedProcesses.Where(OperatingSystemProcess.IsAlive))
        {
            Signals.Send(id, Signals.Kill);
        }

        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        // Whoever is still dying may still make a file.
        await Eventually.TrueAsync(() => !StartedProcesses.Any(OperatingSystemProcess.IsAlive), () => $"still alive: {string.Join(", ", StartedProcesses)}");
        _folder.Delete(recursive: true);
    }

    private IEnumerable<int> StartedProcesses => Lines.Select(line => Started().Match(line)).Where(match => match.Success)
        .Select(match => int.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture));

    private string? Find(string text) => _lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
        }
    }

    [GeneratedRegex(@"^apphost +\| (?<name>\S+) started \(pid (?<id>\d+)\)")]
    private static partial Regex Started();
}
