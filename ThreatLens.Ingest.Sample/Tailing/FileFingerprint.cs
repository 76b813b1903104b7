using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// Content by which a file is known again: the first 256 bytes and the 256 bytes before an offset (fewer while there are fewer). A file
/// that was truncated and has grown beyond the offset since does not have them. Not thread-safe.
/// </summary>
internal sealed class FileFingerprint
{
    private const int Size = 256;
    private readonly byte[] _head = new byte[Size];
    private readonly byte[] _tail = new byte[Size];

    /// <summary>The offset this is about.</summary>
    public long Offset { get; private set; }

    private int Length => (int)Math.Min(Offset, Size);

    /// <summary>Goes on over bytes that were read at the offset.</summary>
    public void Append(ReadOnlySpan<byte> read)
    {
        if (Offset < Size)
            read[..Math.Min(read.Length, Size - (int)Offset)].CopyTo(_head.AsSpan((int)Offset));
        var kept = Math.Max(0, Math.Min(Length, Size - read.Length));
        _tail.AsSpan(Length - kept, kept).CopyTo(_tail);
        read[Math.Max(0, read.Length - Size)..].CopyTo(_tail.AsSpan(kept));
        Offset += read.Length;
    }

    public void CopyFrom(FileFingerprint other)
    {
        other._head.CopyTo(_head, 0);
        other._tail.CopyTo(_tail, 0);
        Offset = other.Offset;
    }

    /// <summary>The fingerprint a file has at an offset; null when it is shorter.</summary>
    public static FileFingerprint? Of(SafeFileHandle file, long offset)
    {
        var fingerprint = new FileFingerprint { Offset = offset };
        return ReadFully(file, fingerprint._head.AsSpan(0, fingerprint.Length), 0)
            && ReadFully(file, fingerprint._tail.AsSpan(0, fingerprint.Length), offset - fingerprint.Length)
                ? fingerprint
                : null;
    }

    /// <summary>Whether a file has this content at this offset.</summary>
    public bool Matches(SafeFileHandle file)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes = bytes[..Length];
        return ReadFully(file, bytes, 0) && bytes.SequenceEqual(_head.AsSpan(0, Length))
            && ReadFully(file, bytes, Offset - Length) && bytes.SequenceEqual(_tail.AsSpan(0, Length));
    }

    /// <summary>A hash of it, 32 hexadecimal digits; empty at offset 0, where any content would do.</summary>
    public override string ToString()
    {
        if (Offset == 0)
            return "";
        Span<byte> content = stackalloc byte[2 * Size];
        _head.AsSpan(0, Length).CopyTo(content);
        _tail.AsSpan(0, Length).CopyTo(content[Length..]);
        return string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(SHA256.HashData(content[..(2 * Length)]).AsSpan(0, 16))}");
    }

    private static bool ReadFully(SafeFileHandle file, Span<byte> into, long offset)
    {
        while (into.Length > 0)
        {
            var read = RandomAccess.Read(file, into, offset);
            if (read == 0)
                return false;
            into = into[read..];
            offset += read;
        }
        return true;
    }
}
