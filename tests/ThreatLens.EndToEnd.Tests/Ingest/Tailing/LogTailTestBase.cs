using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Ingest.Sample.Measuring;
using ThreatLens.Ingest.Sample.Tailing;
using ThreatLens.Testing;

namespace ThreatLens.EndToEnd.Tests.Ingest.Tailing;

/// <summary>A log file that a tail follows, and what the tail has measured of it.</summary>
public abstract class LogTailTestBase : IDisposable
{
    protected LogTailTestBase() => LogPath = Folder.File("app.log");

    protected TemporaryFolder Folder { get; } = new();

    protected string LogPath { get; }

    private protected LineMeasurement Measured { get; } = new(TimeProvider.System);

    private protected FilePosition Position { get; set; } = FilePosition.Start;

    private protected LogTail? Tail { get; set; }

    public void Dispose()
    {
        Tail?.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected TailStatus Poll()
    {
        Tail ??= new LogTail(LogPath, Position, Limits(), TimeProvider.System, NullLogger.Instance);
        var status = Tail.Poll(Measured);
        Position = status.Position;
        return status;
    }

    /// <summary>As after a kill: only the position is left.</summary>
    private protected void Restart()
    {
        Tail?.Dispose();
        Tail = null;
    }

    private protected void Append(string text) => File.AppendAllText(LogPath, text);

    /// <summary>As logrotate does: .2 to .3, .1 to .2, the file to .1.</summary>
    private protected void Rotate()
    {
        if (!File.Exists(LogPath))
            return;
        var last = Enumerable.Range(1, 99).TakeWhile(n => File.Exists($"{LogPath}.{n}")).LastOrDefault();
        for (var generation = last; generation >= 1; generation--)
            File.Move($"{LogPath}.{generation}", $"{LogPath}.{generation + 1}");
        File.Move(LogPath, LogPath + ".1");
    }

    /// <summary>
    /// Waits until the next file is younger than all that are there: files are told apart by their time of birth, which moves on with the kernel's clock
    /// only, in steps.
    /// </summary>
    private protected async Task BirthsDifferAsync()
    {
        var last = Birth();
        await Eventually.UntilAsync(() => Birth() > last, "a file is younger than those made before");

        DateTime Birth()
        {
            var probe = Folder.File("probe");
            File.Delete(probe);
            File.WriteAllText(probe, "");
            return File.GetCreationTimeUtc(probe);
        }
    }

    private protected static TailLimits Limits() => new(8 * 1024 * 1024, 1024 * 1024, TimeSpan.Zero);
}
