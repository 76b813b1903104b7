using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace ThreatLens.Maintenance.Operations;

/// <summary>
/// A process, named so that another one can tell whether it still runs: machine, id, and the second it began, since ids are used again.
/// </summary>
internal static class ProcessIdentity
{
    // Start times are computed from the system's uptime and differ by a little from one look to the next.
    private const long ToleranceSeconds = 2;

    /// <summary>This process.</summary>
    public static string Current { get; } = Of(Process.GetCurrentProcess());

    /// <summary>Whether it is a process of another machine, or of another container, of which nothing can be told from here.</summary>
    /// <param name="identity">What <see cref="Current"/> was in that process.</param>
    public static bool IsElsewhere(string identity) => identity.Split('/') is [var machine, _, _] && machine.Length > 0 && machine != Environment.MachineName;

    /// <summary>Whether that process runs on this machine.</summary>
    /// <param name="identity">What <see cref="Current"/> was in that process.</param>
    public static bool IsAlive(string identity)
    {
        if (identity.Split('/') is not [var machine, var idText, var begunText] || machine != Environment.MachineName
            || !int.TryParse(idText, CultureInfo.InvariantCulture, out var id) || !long.TryParse(begunText, CultureInfo.InvariantCulture, out var begun))
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited && Math.Abs(Begun(process) - begun) <= ToleranceSeconds;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }

    private static string Of(Process process) => string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{process.Id}/{Begun(process)}");

    private static long Begun(Process process) => new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeSeconds();
}
