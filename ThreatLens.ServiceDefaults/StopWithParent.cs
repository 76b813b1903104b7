using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Extensions.Hosting;

/// <summary>Ends a process whose AppHost is gone, however it went.</summary>
public static class StopWithParent
{
    /// <summary>The environment variable by which the AppHost's built-in host asks for this. The only value that means something is
    /// <c>stdin</c>.</summary>
    public const string Variable = "THREATLENS_STOP_WITH_PARENT";

    /// <summary>How long an orderly stop may take once the parent is gone, before the process ends at once.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Stops the application in an orderly way when standard input ends, if <see cref="Variable"/> is <c>stdin</c>; does nothing
    /// otherwise.</summary>
    /// <remarks>
    /// The built-in host holds the other end of this process's standard input and never writes to it, so the kernel ends it when the host
    /// ends, even by SIGKILL, and even before this method is called. With Aspire nothing of this is needed: its orchestrator, DCP, watches
    /// the AppHost and stops what it started.
    /// </remarks>
    public static TBuilder AddStopWithParent<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        if (builder.Configuration[Variable] == "stdin")
        {
            LeaveTerminalGroup();
            var gone = new CancellationTokenSource();
            new Thread(() => WaitForEnd(gone)) { IsBackground = true, Name = "stop with parent" }.Start();
            builder.Services.AddHostedService(services =>
                new StopWhenGone(gone.Token, services.GetRequiredService<IHostApplicationLifetime>()));
        }

        return builder;
    }

    private static void WaitForEnd(CancellationTokenSource gone)
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (input.Read(buffer) > 0)
        {
            // Whatever is written to us is not for us.
        }

        // Not waited for: what stops may block, and the grace runs from here.
        _ = gone.CancelAsync();
        // Nobody is left to kill a process that does not manage to stop.
        using var never = new ManualResetEventSlim();
        never.Wait(Grace);
        Process.GetCurrentProcess().Kill();
    }

    /// <summary>Ctrl+C in a terminal reaches every process of the terminal's group at once. The host stops its processes one after the
    /// other, those that need others first, so only the host may hear it.</summary>
    private static void LeaveTerminalGroup()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetProcessGroup(0, 0);
        }
    }

    [DllImport("libc", EntryPoint = "setpgid")]
    private static extern int SetProcessGroup(int process, int group);

    /// <summary>Also stops an application that is still starting: its host was built when the end came, or comes later.</summary>
    private sealed class StopWhenGone(CancellationToken gone, IHostApplicationLifetime lifetime) : IHostedService
    {
        private CancellationTokenRegistration _registration;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _registration = gone.Register(lifetime.StopApplication);
            return Task.CompletedTask;
        }

        public async Task StopAsync(CancellationToken cancellationToken) => await _registration.DisposeAsync();
    }
}
