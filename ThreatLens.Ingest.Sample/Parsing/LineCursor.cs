using System.Buffers.Text;

namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Walks over a line. A step that does not fit returns false and leaves the place undefined: start again from the line.</summary>
/// <param name="line">The line.</param>
internal ref struct LineCursor(ReadOnlySpan<byte> line)
{
    private ReadOnlySpan<byte> _rest = line;

    /// <summary>What has not been walked over.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool AtEnd => _rest.IsEmpty;

    public bool Skip(byte expected) => Skip([expected]);

    public bool Skip(scoped ReadOnlySpan<byte> expected)
    {
        var fits = _rest.StartsWith(expected);
        if (fits)
            _rest = _rest[expected.Length..];
        return fits;
    }

    /// <summary>One of two bytes.</summary>
    public bool SkipEither(byte one, byte other) => Skip(one) || Skip(other);

    /// <summary>Exactly so many digits with a value in a range.</summary>
    public bool Number(int digits, int from, int to)
    {
        if (_rest.Length < digits || _rest[..digits].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return false;
        Utf8Parser.TryParse(_rest[..digits], out int value, out _);
        _rest = _rest[digits..];
        return value >= from && value <= to;
    }

    /// <summary>One digit or more.</summary>
    public bool Digits()
    {
        var end = _rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        end = end < 0 ? _rest.Length : end;
        _rest = _rest[end..];
        return end > 0;
    }

    /// <summary>One byte or more up to an end, and the end.</summary>
    public bool Until(byte end, out ReadOnlySpan<byte> text)
    {
        var at = _rest.IndexOf(end);
        text = at > 0 ? _rest[..at] : default;
        if (at > 0)
            _rest = _rest[(at + 1)..];
        return at > 0;
    }

    /// <summary>One byte or more up to an end, and the end.</summary>
    public bool Until(byte end) => Until(end, out _);

    /// <summary>One letter or more.</summary>
    public bool Word(out ReadOnlySpan<byte> word)
    {
        var end = 0;
        while (end < _rest.Length && char.IsAsciiLetter((char)_rest[end]))
            end++;
        word = _rest[..end];
        _rest = _rest[end..];
        return end > 0;
    }

    /// <summary>Spaces, any number of them.</summary>
    public void Spaces() => _rest = _rest.TrimStart((byte)' ');

    /// <summary>HH:MM:SS, seconds to 60, and a fraction after a point or comma if there is one.</summary>
    public bool TimeOfDay()
    {
        if (!(Number(2, 0, 23) && Skip((byte)':') && Number(2, 0, 59) && Skip((byte)':') && Number(2, 0, 60)))
            return false;
        return !SkipEither((byte)'.', (byte)',') || Digits();
    }

    /// <summary>YYYY-MM-DD or YYYY/MM/DD.</summary>
    public bool Date(byte separator) =>
        Number(4, 1970, 9999) && Skip(separator) && Number(2, 1, 12) && Skip(separator) && Number(2, 1, 31);

    /// <summary>Z, +HH:MM or +HHMM, if there is one.</summary>
    public bool Zone()
    {
        if (Skip((byte)'Z') || !SkipEither((byte)'+', (byte)'-'))
            return true;
        if (!Number(2, 0, 14))
            return false;
        Skip((byte)':');
        return Number(2, 0, 59);
    }

    /// <summary>Jan to Dec.</summary>
    public bool Month() => Word(out var word) && word.Length == 3 && "JanFebMarAprMayJunJulAugSepOctNovDec"u8.IndexOf(word) is >= 0 and var at && at % 3 == 0;

    /// <summary>Mon to Sun.</summary>
    public bool Weekday() => Word(out var word) && word.Length == 3 && "MonTueWedThuFriSatSun"u8.IndexOf(word) is >= 0 and var at && at % 3 == 0;
}
