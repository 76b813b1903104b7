using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace ThreatLens.AppHost.Local;

/// <summary>The operating system process of one resource: started directly, so that its id is the one to signal and nothing stands in
/// between. Not restarted when it ends by itself, as in Aspire.</summary>
internal sealed class ResourceProcess(ProjectResource resource, IHostEnvironment host, Screen screen, TimeProvider time)
{
    /// <summary>How long a process may take to stop before it and its children are killed: what the generic host allows itself.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private Process? _process;
    private Task _ended = Task.CompletedTask;
    private volatile bool _asked;

    public bool IsRunning => !_ended.IsCompleted;

    /// <summary>Starts it; it must not be running.</summary>
    /// <exception cref="CannotStartException">Not built, a port that is taken, or refused by the operating system.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var assembly = BuildFacts.Find($"assembly:{resource.Metadata.ProjectPath}");
        if (!File.Exists(assembly))
        {
            throw new CannotStartException($"{resource.Name} has not been built (no {assembly ?? "assembly is known"}): run 'dotnet build' on the AppHost.");
        }

        resource.Endpoints.ForEach(endpoint => EndpointPort.RefuseUnusable(resource, endpoint));
        var start = new ProcessStartInfo(Dotnet(), [assembly])
        {
            WorkingDirectory = Path.GetDirectoryName(resource.Metadata.ProjectPath),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        await ResourceVariables.FillAsync(start.Environment, resource, host, cancellationToken);
        Launch(new Process { StartInfo = start, EnableRaisingEvents = true });
        var addresses = string.Join(", ", resource.Endpoints.Select(endpoint => $"{endpoint.Name} {endpoint.Url}"));
        screen.Say($"{resource.Name} started (pid {_process!.Id}){(addresses.Length > 0 ? ": " : "")}{addresses}");
    }

    /// <summary>SIGTERM, and after <see cref="Grace"/> the end of the whole process tree.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!IsRunning)
        {
            return;
        }

        _asked = true;
        if (OperatingSystem.IsWindows())
        {
            _process!.StandardInput.Close();
        }
        else
        {
            _ = Signal(_process!.Id, 15);
        }

        try
        {
            await _ended.WaitAsync(Grace, time, cancellationToken);
            screen.Say($"{resource.Name} stopped");
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            screen.Say($"{resource.Name} did not stop in time and is killed");
            _process!.Kill(entireProcessTree: true);
            await _ended;
        }
    }

    private void Launch(Process process)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Pass(line.Data);
        process.ErrorDataReceived += (_, line) => Pass(line.Data);
        process.Exited += (_, _) => ended.TrySetResult();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        (_process, _asked) = (process, false);
        _ended = ReportEndAsync(process, ended.Task);
    }

    private async Task ReportEndAsync(Process process, Task exited)
    {
        await exited;
        // The last lines may still be in the pipes; a grandchild that keeps them open must not hold us up.
        await process.WaitForExitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(2), time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_asked)
        {
            screen.Say($"{resource.Name} exited by itself with code {process.ExitCode}; '{resource.Name} start' starts it again");
        }
    }

    private void Pass(string? line)
    {
        if (line is not null)
        {
            screen.Write(resource.Name, line);
        }
    }

    /// <summary>The dotnet that runs this process: it lies three folders above its shared framework.</summary>
    private static string Dotnet() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);
}
