using ThreatLens.Ingest.Sample.Measuring;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// Cuts what was read into lines. Memory is bounded by the longest line allowed plus one chunk: of a longer line nothing is kept, it
/// counts as a parse error when its end comes. Not thread-safe.
/// </summary>
/// <param name="maxLineBytes">Longest line that is parsed.</param>
internal sealed class LineScanner(int maxLineBytes)
{
    private const int ChunkSize = 64 * 1024;
    private byte[] _buffer = new byte[ChunkSize];
    private int _kept;
    private long _skipped;

    /// <summary>Where the next chunk goes: at most <see cref="ChunkSize"/> bytes.</summary>
    public Span<byte> FreeSpace
    {
        get
        {
            if (_buffer.Length - _kept < ChunkSize / 2)
                Array.Resize(ref _buffer, _kept + ChunkSize);
            return _buffer.AsSpan(_kept, Math.Min(ChunkSize, _buffer.Length - _kept));
        }
    }

    /// <summary>Takes bytes that were read into <see cref="FreeSpace"/> and measures the lines they complete.</summary>
    public void Take(int read, long readAt, LineMeasurement measurement)
    {
        var data = _buffer.AsSpan(0, _kept + read);
        var start = 0;
        for (int from = _kept, at; (at = data[from..].IndexOf((byte)'\n')) >= 0; start = from)
        {
            from += at + 1;
            MeasureLine(data[start..from], readAt, measurement);
        }
        Keep(data[start..]);
    }

    /// <summary>The file is finished: its last line needs no newline.</summary>
    public void TakeRest(long readAt, LineMeasurement measurement)
    {
        if (_kept + _skipped > 0)
            MeasureLine(_buffer.AsSpan(0, _kept), readAt, measurement);
        (_kept, _skipped) = (0, 0);
    }

    private void MeasureLine(ReadOnlySpan<byte> line, long readAt, LineMeasurement measurement)
    {
        var bytes = _skipped + line.Length;
        if (bytes > maxLineBytes)
            measurement.AddOverlong(bytes, readAt);
        else
            measurement.Add(line, readAt);
        _skipped = 0;
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        if (_skipped > 0 || rest.Length > maxLineBytes)
        {
            _skipped += rest.Length;
            rest = default;
        }
        if (_buffer.Length > ChunkSize && rest.Length < ChunkSize / 2)
        {
            var smaller = new byte[ChunkSize];
            rest.CopyTo(smaller);
            _buffer = smaller;
        }
        else
        {
            rest.CopyTo(_buffer);
        }
        _kept = rest.Length;
    }
}
