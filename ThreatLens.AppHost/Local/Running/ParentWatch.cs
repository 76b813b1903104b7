using System.Globalization;
using Microsoft.Extensions.Hosting;

namespace ThreatLens.AppHost.Local;

/// <summary>When <c>dotnet run</c> is killed it takes nobody along, so the host stops itself when a parent that is the dotnet command is
/// gone. A shell or a service manager may go: then the host was left running on purpose. On Linux only.</summary>
internal sealed class ParentWatch(IHostApplicationLifetime lifetime, Screen screen, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (ProcessStatus.Read() is not { } status || !ProcessStatus.IsDotnet(status.Parent))
        {
            return;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (ProcessStatus.Read()?.Parent != status.Parent)
            {
                screen.Say("The dotnet command that started this host is gone: stopping.");
                lifetime.StopApplication();
                return;
            }
        }
    }
}

/// <summary>This process as Linux sees it.</summary>
internal sealed record ProcessStatus(int Parent, int Group, int TerminalGroup)
{
    /// <summary>Null where there is no /proc.</summary>
    public static ProcessStatus? Read()
    {
        if (!File.Exists("/proc/self/stat"))
        {
            return null;
        }

        // "pid (name) state parent group session terminal terminal-group ...", and a name may hold blanks and parentheses.
        var text = File.ReadAllText("/proc/self/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        int Number(int index) => int.Parse(fields[index], CultureInfo.InvariantCulture);
        return new(Number(1), Number(2), Number(5));
    }

    /// <summary>Whether a terminal, if there is one, gives its input to this process.</summary>
    public static bool IsInForeground() => Read() is not { } status || status.Group == status.TerminalGroup;

    /// <summary>Whether process <paramref name="id"/> is the dotnet command.</summary>
    public static bool IsDotnet(int id) => File.Exists($"/proc/{id}/comm") && File.ReadAllText($"/proc/{id}/comm").Trim() == "dotnet";
}
