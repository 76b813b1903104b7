using ThreatLens.Ingest.Sample.Measuring;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>How a source stands after a round.</summary>
/// <param name="Position">Up to where it is measured.</param>
/// <param name="FileSize">Bytes the file has, at least the offset.</param>
/// <param name="Waiting">Bytes not measured yet: of the file that is read, and of the one at the path when that is another already.</param>
/// <param name="HasMore">True when the round's bound stopped it.</param>
/// <param name="Error">What is wrong; null when nothing is.</param>
internal readonly record struct TailStatus(FilePosition Position, long FileSize, long Waiting, bool HasMore, string? Error);

/// <summary>
/// Follows the log at a path through rotation: a file that was renamed, deleted or truncated with a copy is read to its end before the
/// next one is begun. Not thread-safe.
/// </summary>
/// <param name="path">Absolute path.</param>
/// <param name="position">Where to go on.</param>
/// <param name="limits">Bounds.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed class LogTail(string path, FilePosition position, TailLimits limits, TimeProvider time, ILogger logger) : IDisposable
{
    private const string NotFound = "file not found";
    private TailedFile? _file;
    private FilePosition _position = position;
    private long? _leftSince;

    /// <summary>Measures what has been written since the last round, as far as the bound of a round allows.</summary>
    public TailStatus Poll(LineMeasurement measurement)
    {
        var budget = limits.MaxBytesPerRound;
        try
        {
            _file ??= Resume();
            while (_file is not null)
            {
                var before = budget;
                var outcome = _file.Read(measurement, ref budget);
                if (outcome == ReadOutcome.Replaced)
                {
                    LeaveTruncated();
                    continue;
                }
                if (outcome == ReadOutcome.More || IsCurrent(_file))
                    return Status(_file, outcome == ReadOutcome.More);
                if (HasRestedSince(grew: budget < before))
                    Leave(measurement);
                else if (limits.RotationWait > TimeSpan.Zero)
                    return Status(_file, hasMore: false);
            }
            return new TailStatus(_position, _position.Offset, 0, false, NotFound);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _position = _file?.Position ?? _position;
            Close();
            return new TailStatus(_position, _position.Offset, 0, false, Describe(e));
        }
    }

    public void Dispose() => Close();

    private TailStatus Status(TailedFile file, bool hasMore)
    {
        _position = file.Position;
        var size = Math.Max(file.Size, _position.Offset);
        var waiting = size - _position.Offset + (IsAtPath(file) ? 0 : FileProbe.SizeOf(path));
        return new TailStatus(_position, size, waiting, hasMore, FileProbe.Of(path) is null ? NotFound : null);
    }

    private TailedFile? Resume()
    {
        // Throws while the file cannot be read: nothing is decided then.
        using var readable = FileProbe.Of(path) is null ? null : Open(path, 0);
        if (RotatedFiles.Find(path, _position, Open) is { } file)
            return file;
        if (readable is null)
            return null;
        if (_position.Offset > 0)
            logger.RestLost(path, _position.Offset);
        _position = FilePosition.Start;
        return Open(path, 0);
    }

    /// <summary>Whether the file is at the path, or may come back there.</summary>
    private bool IsCurrent(TailedFile file)
    {
        if (!IsAtPath(file) && (FileProbe.Of(path) is not null || file.IsDeleted))
            return false;
        _leftSince = null;
        return true;
    }

    /// <summary>
    /// Whether a file that left the path has been quiet for so long that its writer must have noticed. Never at the first look: what was written
    /// before it left may have come after it was read to its end.
    /// </summary>
    private bool HasRestedSince(bool grew)
    {
        if (_leftSince is { } since && !grew)
            return time.GetElapsedTime(since) >= limits.RotationWait;
        _leftSince = time.GetTimestamp();
        return false;
    }

    private bool IsAtPath(TailedFile file)
    {
        var status = FileProbe.Of(path);
        if (status is null || file.Identity is not null)
            return status is not null && status.Value.Identity == file.Identity;
        using var now = Open(path, file.Position.Offset);
        return now?.Position == file.Position;
    }

    private void Leave(LineMeasurement measurement)
    {
        _file!.Finish(measurement);
        var (next, file) = Following(_file);
        logger.Rotated(path, next);
        Close();
        (_file, _position) = (file, file?.Position ?? FilePosition.Start);
    }

    /// <summary>The file that was written after one that is finished, open; null when it is not there yet.</summary>
    private (string Path, TailedFile? File) Following(TailedFile finished)
    {
        while (true)
        {
            var atPath = FileProbe.Of(path)?.Identity;
            var next = Generations.Successor(path, finished.Identity, finished.IsCopiedTo);
            var file = FileProbe.Of(next) is null ? null : Open(next, 0);

            // Another rotation meanwhile would make this one too new, and what is in between would never be read.
            if (FileProbe.Of(path)?.Identity == atPath)
                return (next, file);
            file?.Dispose();
        }
    }

    /// <summary>Truncated in place: the rest may be in a copy (copytruncate); the file itself starts again.</summary>
    private void LeaveTruncated()
    {
        _position = _file!.Position;
        Close();
        var copy = _position.Offset > 0 ? RotatedFiles.Find(path, _position, Open) : null;
        logger.Truncated(path, _position.Offset, copy is not null);
        _file = copy ?? Open(path, 0);
        _position = _file!.Position;
    }

    private TailedFile? Open(string file, long offset) => TailedFile.Open(file, offset, limits.MaxLineBytes, time);

    private void Close()
    {
        _file?.Dispose();
        (_file, _leftSince) = (null, null);
    }

    private static string Describe(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => NotFound,
        UnauthorizedAccessException => "permission denied",
        _ => e.Message,
    };
}

/// <summary>Bounds of tailing.</summary>
/// <param name="MaxBytesPerRound">Most bytes read of a source before the others get their turn.</param>
/// <param name="MaxLineBytes">Longest line that is parsed.</param>
/// <param name="RotationWait">How long a file that left its path is still read after the last byte came.</param>
internal sealed record TailLimits(long MaxBytesPerRound, int MaxLineBytes, TimeSpan RotationWait);
