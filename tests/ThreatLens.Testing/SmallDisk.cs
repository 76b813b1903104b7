using System.Diagnostics;

namespace ThreatLens.Testing;

/// <summary>A disk that can really be full: a tmpfs of a few megabytes. Only root may mount one; without that right the test cannot say anything.</summary>
public sealed class SmallDisk : IDisposable
{
    // ENOSPC of errno.h; .NET passes it on as it is.
    private const int NoSpaceLeft = 28;

    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Why a test that needs one may be skipped.</summary>
    public const string Needed = "A tmpfs can only be mounted by root.";

    /// <returns>Null without the right to.</returns>
    public static SmallDisk? TryMount(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        return OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path) ? new SmallDisk(path) : null;
    }

    /// <summary>What <see cref="FillBut"/> put there is gone.</summary>
    public void MakeRoom() => File.Delete(Ballast);

    /// <summary>Leaves only so many bytes free; fewer when others write at the same time.</summary>
    public void FillBut(long bytes)
    {
        using var ballast = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var left = new DriveInfo(Path).AvailableFreeSpace - bytes;
        var block = new byte[4096];
        try
        {
            for (; left > 0; left -= block.Length)
                ballast.Write(block);
        }
        catch (IOException e) when (e.HResult == NoSpaceLeft)
        {
            // Somebody else wrote meanwhile: the disk is full, which is what was wanted.
        }
    }

    // Detached at once, also while somebody on this machine still looks at it.
    public void Dispose() => Run("umount", "-l", Path);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
