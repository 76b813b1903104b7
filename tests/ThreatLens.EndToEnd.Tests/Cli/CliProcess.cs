using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>The real command line as a process, its output caught as a pipe catches it.</summary>
internal sealed class CliProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly ConcurrentQueue<string> _errors = [];

    private CliProcess(Process process) => _process = process;

    /// <summary>What it wrote to standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>What it wrote to standard error so far.</summary>
    public string Error => string.Join('\n', _errors);

    /// <summary>Lines of standard output that are not empty.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs it to its end.</summary>
    public static async Task<CliResult> RunAsync(Uri? address, params string[] arguments)
    {
        using var cli = Start(address, arguments);
        var code = await cli.EndAsync();
        return new CliResult(code, cli.Output, cli.Error);
    }

    /// <param name="address">Handed over as the environment variable; null: none.</param>
    /// <param name="arguments">The command line.</param>
    public static CliProcess Start(Uri? address, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.ChangeExtension(Repository.Assembly("ThreatLens.Cli", "threatlens"), null), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("THREATLENS_ADDRESS");
        if (address is not null)
            start.Environment["THREATLENS_ADDRESS"] = address.ToString();

        var cli = new CliProcess(new Process { StartInfo = start });
        cli._process.OutputDataReceived += (_, line) => cli.Keep(line.Data);
        cli._process.ErrorDataReceived += (_, line) => cli._errors.Enqueue(line.Data ?? string.Empty);
        Signals.StopIgnoring(Signals.Interrupt);
        cli._process.Start();
        cli._process.BeginOutputReadLine();
        cli._process.BeginErrorReadLine();
        return cli;
    }

    /// <summary>What Ctrl+C does.</summary>
    public void Interrupt() => Signal(Signals.Interrupt);

    public void Signal(int signal) => Signals.Send(_process.Id, signal);

    public async Task<int> EndAsync()
    {
        using var deadline = new CancellationTokenSource(Eventually.Limit);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Append(line).Append('\n');
    }
}

/// <summary>How a command ended.</summary>
internal sealed record CliResult(int Code, string Output, string Error)
{
    /// <summary>Lines of standard output that are not empty.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
