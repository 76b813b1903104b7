using System.Collections.Concurrent;
using System.Diagnostics;

namespace ThreatLens.Testing.Processes;

/// <summary>A process under test: its output is kept, and it never outlives its test.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private TaskCompletionSource _newLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>All lines so far, of both streams, in the order they came.</summary>
    public IReadOnlyList<string> Output => [.. _lines];

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Starts <c>dotnet assembly arguments</c>.</summary>
    public static ChildProcess StartDotnet(string assembly, string workingDirectory, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(assembly);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        return Start(start);
    }

    public static ChildProcess Start(ProcessStartInfo start)
    {
        var child = new ChildProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += (_, e) => child.Add(e.Data);
        child._process.ErrorDataReceived += (_, e) => child.Add(e.Data);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits for a line of the output, one that is there already included.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> predicate, TimeSpan? timeout = null)
    {
        var deadline = Stopwatch.StartNew();
        var limit = timeout ?? Eventually.Limit;
        while (true)
        {
            var news = Volatile.Read(ref _newLine).Task;
            // Asked first: what a process wrote just before its end arrives after it.
            var ended = _process.HasExited;
            if (ended)
                await WaitForExitAsync(timeout);
            if (_lines.FirstOrDefault(predicate) is { } found)
                return found;
            if (ended || deadline.Elapsed > limit)
                throw new TimeoutException($"The expected line did not come ({(_process.HasExited ? $"exited with {_process.ExitCode}" : "still running")}). Output:\n{string.Join('\n', _lines)}");
            await Task.WhenAny(news, Task.Delay(TimeSpan.FromMilliseconds(200)));
        }
    }

    /// <summary>Ends it without warning (SIGKILL).</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM) and waits for it.</summary>
    public async Task<int> StopAsync(TimeSpan? timeout = null)
    {
        if (!_process.HasExited)
            Signal(Signals.Terminate);
        return await WaitForExitAsync(timeout);
    }

    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        using var limit = new CancellationTokenSource(timeout ?? Eventually.Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Process {Id} did not end. Output:\n{string.Join('\n', _lines)}");
        }
    }

    /// <summary>Sends a signal to this process only.</summary>
    public void Signal(int signal) => Signals.Send(Id, signal);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        _lines.Enqueue(line);
        Interlocked.Exchange(ref _newLine, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
