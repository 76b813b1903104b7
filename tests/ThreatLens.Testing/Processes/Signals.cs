using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ThreatLens.Testing.Processes;

/// <summary>Signals to processes, sent by kill(2): a program that sends them need not be installed. Linux.</summary>
public static class Signals
{
    /// <summary>What Ctrl+C sends.</summary>
    public const int Interrupt = 2;

    /// <summary>Ends a process without warning.</summary>
    public const int Kill = 9;

    /// <summary>Asks a process to end.</summary>
    public const int Terminate = 15;

    /// <summary>Makes a process hold still until <see cref="Continue"/>; its connections stay open.</summary>
    public const int Stop = 19;

    /// <summary>Makes a process that holds still go on.</summary>
    public const int Continue = 18;

    private const int NoSuchProcess = 3;

    /// <summary>Sends a signal to one process. One that has just ended is no error, as the sender cannot know.</summary>
    /// <param name="process">Id of the process, 1 or more.</param>
    /// <param name="signal">Number of the signal.</param>
    /// <exception cref="Win32Exception">The operating system refuses.</exception>
    public static void Send(int process, int signal)
    {
        // 0 and below would mean a group of processes, this one among them.
        ArgumentOutOfRangeException.ThrowIfLessThan(process, 1);
        if (SendTo(process, signal) != 0 && Marshal.GetLastPInvokeError() is var error and not NoSuchProcess)
            throw new Win32Exception(error);
    }

    /// <summary>Makes this process take a signal as usual where it was started to ignore it, as shells do with the SIGINT of what they
    /// run in the background: what it starts would ignore the signal too.</summary>
    /// <param name="signal">Number of the signal.</param>
    public static void StopIgnoring(int signal)
    {
        const string ignored = "SigIgn:";
        var mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith(ignored, StringComparison.Ordinal))[ignored.Length..];
        if ((ulong.Parse(mask, NumberStyles.AllowHexSpecifier | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1)
            SetHandler(signal, handler: 0);
    }

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint SetHandler(int signal, nint handler);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendTo(int process, int signal);
}
