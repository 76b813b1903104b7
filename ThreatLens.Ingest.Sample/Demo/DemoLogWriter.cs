using Microsoft.Extensions.Options;

namespace ThreatLens.Ingest.Sample.Demo;

/// <summary>
/// Writes the demo logs while no paths are configured. It keeps at most two files of each: when the service is away for longer than it
/// takes to fill those, lines of the demo are lost.
/// </summary>
/// <param name="options">Where, how many, how bad.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class DemoLogWriter(IOptions<IngestOptions> options, TimeProvider time, ILogger<DemoLogWriter> logger) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var settings = options.Value;
        if (settings.Paths.Length > 0)
            return;
        Directory.CreateDirectory(settings.DemoDirectory);
        logger.WritingDemo(settings.DemoDirectory);
        var lines = new DemoLogs(new Random(settings.Demo.Seed), settings.Demo.MalformedShare);
        DemoStream[] streams =
        [
            Stream(DemoLogs.Sshd, settings.Demo.SshdLinesPerSecond),
            Stream(DemoLogs.Access, settings.Demo.AccessLinesPerSecond),
            Stream(DemoLogs.Application, settings.Demo.ApplicationLinesPerSecond),
        ];
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var stream in streams)
                Write(stream, lines);
            await Task.Delay(Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        DemoStream Stream(string name, double rate) =>
            new(name, new DemoLogFile(Path.Combine(settings.DemoDirectory, name), settings.Demo.MaxFileBytes), rate * Tick.TotalSeconds);
    }

    private void Write(DemoStream stream, DemoLogs lines)
    {
        stream.Due += stream.LinesPerTick;
        var count = (int)stream.Due;
        stream.Due -= count;
        var now = time.GetUtcNow();
        try
        {
            stream.File.Append([.. Enumerable.Range(0, count).Select(_ => lines.Line(stream.Name, now))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.DemoNotWritten(e, stream.Name);
        }
    }

    private sealed record DemoStream(string Name, DemoLogFile File, double LinesPerTick)
    {
        public double Due { get; set; }
    }
}
