using Microsoft.Win32.SafeHandles;
using ThreatLens.Ingest.Sample.Measuring;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>What a round of reading ended with.</summary>
internal enum ReadOutcome
{
    /// <summary>Everything there is has been read.</summary>
    EndOfFile,

    /// <summary>There may be more; the round's bound was reached.</summary>
    More,

    /// <summary>The file does not have any more what was read of it: it was truncated or written over.</summary>
    Replaced,
}

/// <summary>One open file, read from an offset on, under whatever name it has by now. Not thread-safe.</summary>
internal sealed class TailedFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly LineScanner _scanner;
    private readonly TimeProvider _time;

    // Up to the last complete line, and up to the last byte read.
    private readonly FileFingerprint _measured;
    private readonly FileFingerprint _read = new();

    private TailedFile(SafeFileHandle handle, FileFingerprint measured, int maxLineBytes, TimeProvider time)
    {
        (_handle, _measured, _time) = (handle, measured, time);
        _read.CopyFrom(measured);
        _scanner = new LineScanner(maxLineBytes);
        Identity = FileProbe.Of(handle).Identity;
    }

    /// <summary>Which file it is; null where the system cannot say.</summary>
    public FileIdentity? Identity { get; }

    /// <summary>How far it is measured: always after a complete line.</summary>
    public FilePosition Position => FilePosition.In(Identity, _measured);

    /// <summary>Bytes it has now.</summary>
    public long Size => RandomAccess.GetLength(_handle);

    /// <summary>True when it has no name left.</summary>
    public bool IsDeleted => FileProbe.Of(_handle).IsDeleted;

    /// <summary>Opens a file at an offset; null when it is shorter.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static TailedFile? Open(string path, long offset, int maxLineBytes, TimeProvider time)
    {
        var handle = FileProbe.Open(path);
        try
        {
            if (FileFingerprint.Of(handle, offset) is { } measured)
                return new TailedFile(handle, measured, maxLineBytes, time);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
        handle.Dispose();
        return null;
    }

    /// <summary>Reads on; takes what it reads off the budget.</summary>
    public ReadOutcome Read(LineMeasurement measurement, ref long budget)
    {
        while (true)
        {
            if (!IsIntact())
                return ReadOutcome.Replaced;
            if (budget <= 0)
                return ReadOutcome.More;
            var chunk = _scanner.FreeSpace;
            chunk = chunk[..RandomAccess.Read(_handle, chunk, _read.Offset)];
            if (chunk.IsEmpty)
                return ReadOutcome.EndOfFile;

            // Truncated while it was read: what came may be new content from the middle of a line. What was missed is in the copy, if
            // there is one.
            if (!IsIntact())
                return ReadOutcome.Replaced;
            budget -= chunk.Length;
            Take(chunk, measurement);
        }
    }

    /// <summary>Nothing more comes: the last line counts even without a newline.</summary>
    public void Finish(LineMeasurement measurement) => _scanner.TakeRest(_time.GetTimestamp(), measurement);

    /// <summary>Whether another file begins with everything that was measured of this one.</summary>
    public bool IsCopiedTo(string path)
    {
        try
        {
            using var other = FileProbe.Open(path);
            return _measured.Offset > 0 && _measured.Matches(other);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Dispose() => _handle.Dispose();

    private void Take(ReadOnlySpan<byte> chunk, LineMeasurement measurement)
    {
        var lines = chunk[..(chunk.LastIndexOf((byte)'\n') + 1)];
        _read.Append(lines);
        if (!lines.IsEmpty)
            _measured.CopyFrom(_read);
        _read.Append(chunk[lines.Length..]);
        _scanner.Take(chunk.Length, _time.GetTimestamp(), measurement);
    }

    private bool IsIntact() => Size >= _read.Offset && _measured.Matches(_handle);
}
