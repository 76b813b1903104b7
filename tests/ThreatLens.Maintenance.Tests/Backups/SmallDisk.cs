using System.Diagnostics;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Backups;

/// <summary>A disk that can really be full: a tmpfs of a few megabytes. Only root may mount one; without that right the test cannot say anything.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static SmallDisk Mount(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path), "A tmpfs can only be mounted by root.");
        return new SmallDisk(path);
    }

    /// <summary>Leaves only so many bytes free.</summary>
    public void FillBut(long bytes)
    {
        using var ballast = new FileStream(System.IO.Path.Combine(Path, "ballast"), FileMode.Create);
        var left = new DriveInfo(Path).AvailableFreeSpace - bytes;
        var block = new byte[4096];
        for (; left > 0; left -= block.Length)
            ballast.Write(block);
    }

    public void Dispose() => Run("umount", Path);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
