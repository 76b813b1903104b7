using Google.Protobuf.WellKnownTypes;
using ThreatLens.Ingest.Sample.Measuring;
using ThreatLens.Ingest.Sample.Tailing;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Ingest.Sample.Watching;

/// <summary>One source: measured while it is to be watched, and remembered while it is not. Not thread-safe.</summary>
/// <param name="name">Its name in the database.</param>
/// <param name="path">Absolute path.</param>
/// <param name="position">Where to go on.</param>
/// <param name="limits">Bounds of tailing.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class WatchedSource(
    string name, string path, FilePosition position, TailLimits limits, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly LineMeasurement _lines = new(time);
    private LogTail? _tail;
    private long _measuredAt;
    private string? _error;

    /// <summary>Its name in the database.</summary>
    public string Name { get; set; } = name;

    /// <summary>Absolute path.</summary>
    public string Path { get; } = path;

    /// <summary>Up to where it has been measured.</summary>
    public FilePosition Position { get; private set; } = position;

    /// <summary>Whether the last measurement left something to read at once.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Whether it is measured.</summary>
    public bool IsWatched => _tail is not null;

    /// <summary>Begins, or goes on where it stopped.</summary>
    public void Watch()
    {
        _tail ??= new LogTail(Path, Position, limits, time, logger);
        _measuredAt = time.GetTimestamp();
    }

    /// <summary>Stops reading; what is read next is after <see cref="Position"/>.</summary>
    public void Pause()
    {
        _tail?.Dispose();
        (_tail, HasMore) = (null, false);
    }

    /// <summary>Reads what has been written since the last measurement.</summary>
    public SourceSlice Measure()
    {
        _lines.Reset();
        var status = _tail!.Poll(_lines);
        var now = time.GetTimestamp();
        var interval = time.GetElapsedTime(_measuredAt, now);
        (_measuredAt, Position, HasMore) = (now, status.Position, status.HasMore);
        IngestTelemetry.Count(Name, _lines);
        LogError(status.Error);

        // Lines of a file that is gone by now are measured all the same; a source without a file has nothing to measure.
        var samples = status.Error is null || _lines.Lines > 0
            ? MetricSamples.Of(Name, _lines, status.Waiting, time.GetUtcNow(), interval)
            : [];
        var state = status.Error is null ? LogSourceStatus.Active : LogSourceStatus.Error;
        return new SourceSlice([.. samples], Report(state, status.FileSize, status.Error));
    }

    /// <summary>Says that it is not measured, without reading it.</summary>
    public SourceSlice Report(LogSourceStatus state) => new([], Report(state, FileProbe.SizeOf(Path), null));

    public void Dispose() => Pause();

    private SourceReport Report(LogSourceStatus state, long size, string? error) => new()
    {
        SourceName = Name,
        Path = Path,
        FileSize = size,
        Offset = Position.Offset,
        PositionToken = Position.Token,
        Status = state,
        ErrorMessage = error ?? "",
        MonitorTime = Timestamp.FromDateTimeOffset(time.GetUtcNow()),
    };

    private void LogError(string? error)
    {
        if (error == _error)
            return;
        _error = error;
        if (error is null)
            logger.SourceRecovered(Path);
        else
            logger.SourceFailed(Path, error);
    }
}
