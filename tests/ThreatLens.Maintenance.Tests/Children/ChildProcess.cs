using System.Diagnostics;
using ThreatLens.Testing;

namespace ThreatLens.Maintenance.Tests.Children;

/// <summary>Another process, seen from the test. Killed when disposed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = Eventually.Limit;

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Runs a verb of <see cref="ChildProgram"/> to its end, or death.</summary>
    /// <returns>Its exit code, 128 and the signal when a signal ended it; and what it said.</returns>
    public static async Task<(int ExitCode, string[] Lines)> RunAsync(params string[] words)
    {
        using var child = Start(words);
        var output = await child._process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await child._process.WaitForExitAsync().WaitAsync(Patience);
        return (child._process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Starts a verb of <see cref="ChildProgram"/> and waits until it says that it is ready.</summary>
    public static async Task<ChildProcess> StartAsync(params string[] words)
    {
        var child = Start(words);
        var line = await child.ReadLineAsync();
        if (line == "ready")
            return child;
        child.Dispose();
        throw new InvalidOperationException($"The child said '{line}' instead of 'ready'.");
    }

    private static ChildProcess Start(string[] words)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var word in (string[])[typeof(ChildProcess).Assembly.Location, "child", .. words])
            start.ArgumentList.Add(word);
        return new ChildProcess(Process.Start(start)!);
    }

    public Task WriteLineAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);

    /// <summary>SIGKILL: no finally block, no finalizer, no closing of files by the process itself.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
