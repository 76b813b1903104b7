using System.Diagnostics;

namespace ThreatLens.Maintenance.Tests.Children;

/// <summary>Another process, seen from the test. Killed when disposed.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts a verb of <see cref="ChildProgram"/> and waits until it says that it is ready.</summary>
    public static async Task<ChildProcess> StartAsync(params string[] words)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var word in (string[])[typeof(ChildProcess).Assembly.Location, "child", .. words])
            start.ArgumentList.Add(word);
        var child = new ChildProcess(Process.Start(start)!);
        var line = await child.ReadLineAsync();
        if (line == "ready")
            return child;
        child.Dispose();
        throw new InvalidOperationException($"The child said '{line}' instead of 'ready'.");
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
