using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Client.Ingestion.Buffering;

namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>
/// A producer's directory of batches that are not known to be stored. Appended to, read once in order, its files deleted when all in them is
/// settled. One process at a time. Not thread-safe.
/// </summary>
internal sealed class Spool : IDisposable
{
    private readonly long _maxBytes;
    private readonly long _segmentBytes;
    private readonly bool _flush;
    private readonly FileStream _lock;
    private readonly SpoolMarksFile _marksFile;
    private readonly List<SpoolSegment> _segments;
    private SpoolMarks _marks;
    private long _samplesWritten;

    /// <summary>Opens a producer's spool, or makes it; mends what a crash left half written.</summary>
    /// <param name="settings">Directory, bounds and durability.</param>
    /// <param name="producerId">Whose.</param>
    /// <param name="logger">Log.</param>
    /// <exception cref="MetricSpoolException">Another process has it, another version wrote it, or the directory cannot be used.</exception>
    public Spool(MetricSenderSettings settings, string producerId, ILogger logger)
    {
        (_maxBytes, _segmentBytes) = (settings.MaxSpoolBytes, settings.MaxSpoolBytes / 8);
        _flush = settings.SpoolDurability == SpoolDurability.PowerLoss;
        Directory = Path.Combine(Path.GetFullPath(settings.SpoolDirectory!), NameOf(producerId));
        try
        {
            CreateDirectory(Directory);
            _lock = Lock(Directory, producerId);
            _marksFile = new SpoolMarksFile(Path.Combine(Directory, "marks"));
            _segments = SpoolSegment.OpenAll(Directory);
            RequireOwnFormat();
            Recover(logger);
        }
        catch (MetricSpoolException)
        {
            Dispose();
            throw;
        }
        catch (Exception e) when (e is IOException and not MetricSpoolException or UnauthorizedAccessException)
        {
            Dispose();
            throw new MetricSpoolException($"The spool {Directory} cannot be used: {e.Message} Set SpoolDirectory to a directory that this process may write.", e);
        }
    }

    /// <summary>The producer's directory.</summary>
    public string Directory { get; }

    /// <summary>Everything up to this position is settled.</summary>
    public long Settled => _marks.Settled;

    /// <summary>Samples of everything settled, in the life of the spool.</summary>
    public long SamplesSettled => _marks.SamplesSettled;

    /// <summary>Position of the last batch.</summary>
    public long Last { get; private set; }

    /// <summary>Samples that are not settled, as far as the files know.</summary>
    public long UnsettledSamples => _samplesWritten - _marks.SamplesSettled;

    /// <summary>Bytes of the files, at most the bound.</summary>
    public long Size => _segments.Sum(segment => segment.Length);

    /// <summary>Where a sender begins: what is in the files may have been sent, if anything was.</summary>
    public Standing Standing => new(_marks.Settled, _marks.Numbering is null ? _marks.Settled : Last, _marks.Numbering);

    /// <summary>Appends a batch; false when the bound leaves no room until more is settled.</summary>
    /// <exception cref="IOException">It cannot be written; the files are as before.</exception>
    public bool TryAppend(PackedBatch packed)
    {
        var length = SpoolRecord.HeaderBytes + packed.Batch.CalculateSize();
        if (_segments.Sum(segment => segment.Length) + length > _maxBytes && !TryMakeRoom(length))
            return false;
        if (_segments.Count == 0 || (_segments[^1].Length > 0 && _segments[^1].Length + length > _segmentBytes))
            _segments.Add(SpoolSegment.Create(Directory, packed.Position));
        var record = new SpoolRecord(packed.Position, _marks.Numbering?.NumberOf(packed.Position) ?? 0, _samplesWritten, packed.Samples, length);
        _segments[^1].Append(record, packed.Batch, _flush);
        _samplesWritten += packed.Samples;
        Last = packed.Position;
        return true;
    }

    /// <summary>A batch is not here and counts all the same: it went by memory.</summary>
    public void Skip(PackedBatch packed) => (_samplesWritten, Last) = (_samplesWritten + packed.Samples, packed.Position);

    /// <summary>Remembers how batches are numbered.</summary>
    /// <exception cref="IOException">It cannot be written; then it is as before.</exception>
    public void Renumber(Numbering numbering)
    {
        var marks = _marks with { Numbering = numbering };
        _marksFile.Write(marks, _flush);
        _marks = marks;
    }

    /// <summary>Everything up to this batch need not be kept; files with nothing else are deleted.</summary>
    /// <exception cref="IOException">That cannot be written, and will be asked again of the service after a crash.</exception>
    public void Settle(PackedBatch packed)
    {
        _marks = _marks with { Settled = packed.Position, SamplesSettled = _marks.SamplesSettled + packed.Samples + packed.Lost };
        _marksFile.Write(_marks, flush: false);
        while (_segments.Count > 1 && _segments[0].Last <= _marks.Settled)
            DeleteFirst();
    }

    /// <summary>The first file after one that has something from a position on; null when there is none.</summary>
    public SpoolSegment? SegmentAfter(SpoolSegment? segment, long position) =>
        _segments.Skip(segment is null ? 0 : _segments.IndexOf(segment) + 1).FirstOrDefault(next => next.Last >= position);

    /// <summary>Closes the files; another process may open them then.</summary>
    public void Dispose()
    {
        foreach (var segment in _segments ?? [])
            segment.Dispose();
        _marksFile?.Dispose();
        _lock?.Dispose();
    }

    /// <summary>The last file is kept while it is written to, though all in it may be settled.</summary>
    private bool TryMakeRoom(int length)
    {
        if (_segments.Count == 1 && _segments[0].Last <= _marks.Settled)
            DeleteFirst();
        return _segments.Sum(segment => segment.Length) + length <= _maxBytes;
    }

    private void DeleteFirst()
    {
        _segments[0].Delete();
        _segments.RemoveAt(0);
    }

    /// <summary>What this version cannot read would count as torn, and be cut off.</summary>
    private void RequireOwnFormat()
    {
        if (_segments.Find(segment => SpoolRecord.IsOfAnotherFormat(segment.File)) is { } foreign)
            throw new MetricSpoolException(
                $"The spool {Directory} was written by another version of this library ({Path.GetFileName(foreign.Path)}), which this one cannot read; nothing of it was changed. "
                + "Start that version until the spool is empty, or move the directory away.",
                new InvalidDataException($"{foreign.Path} is of another format."));
    }

    private void Recover(ILogger logger)
    {
        SpoolRecord? first = null, last = null;
        foreach (var segment in _segments)
        {
            var reader = new SegmentReader(segment);
            while (reader.Next() is { } next)
            {
                first ??= next.Record;
                last = next.Record;
                segment.Last = next.Record.Position;
            }
            if (reader.Offset < segment.Length && segment == _segments[^1])
            {
                logger.TornTail(Directory, Path.GetFileName(segment.Path), segment.Length - reader.Offset);
                segment.Cut(reader.Offset);
            }
        }
        if (_marksFile.Read() is { } marks)
            _marks = marks;
        else if (first is { } begin && last is { } end)
            _marks = Guess(begin, end, logger);
        Last = Math.Max(last?.Position ?? 0, _marks.Settled);
        _samplesWritten = Math.Max(last is { } l ? l.SamplesBefore + l.Samples : 0, _marks.SamplesSettled);
        if (UnsettledSamples > 0)
            logger.SpoolOpened(Directory, UnsettledSamples);
    }

    /// <summary>Without marks, what the records say.</summary>
    private SpoolMarks Guess(SpoolRecord first, SpoolRecord last, ILogger logger)
    {
        logger.MarksUnreadable(Directory);
        return new SpoolMarks(first.Position - 1, first.SamplesBefore, last.Number > 0 ? new Numbering(last.Position, last.Number) : null);
    }

    private static FileStream Lock(string directory, string producerId)
    {
        try
        {
            return new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e)
        {
            throw new MetricSpoolException($"The spool {directory} is in use by another process that sends as '{producerId}'. Give this one a ProducerId of its own, or stop the other.", e);
        }
    }

    private static void CreateDirectory(string path)
    {
        // Metrics are nobody else's business.
        if (OperatingSystem.IsWindows())
            System.IO.Directory.CreateDirectory(path);
        else
            System.IO.Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Readable, safe as a file's name, and different for different ids.</summary>
    private static string NameOf(string producerId)
    {
        var readable = string.Concat(producerId.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(producerId)).AsSpan(0, 6));
        return string.Create(CultureInfo.InvariantCulture, $"{readable}-{hash}");
    }
}
