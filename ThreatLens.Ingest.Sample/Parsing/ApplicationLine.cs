namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Lines of applications: time, level, message, as most logging libraries write them.</summary>
internal static class ApplicationLine
{
    /// <summary><c>2026-11-23 15:00:01,123 [INFO] message</c>: T or a space, zone or none, level bare or in brackets.</summary>
    public static bool Fits(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return Time(ref cursor) && Level(ref cursor);
    }

    /// <summary><c>[2026-11-23 15:00:01] LEVEL message</c>.</summary>
    public static bool FitsBracketed(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return cursor.Skip((byte)'[') && Time(ref cursor) && cursor.Skip((byte)']') && Level(ref cursor);
    }

    private static bool Time(ref LineCursor cursor)
    {
        if (!(cursor.Date((byte)'-') && cursor.SkipEither((byte)'T', (byte)' ') && cursor.TimeOfDay()))
            return false;
        if (cursor.Rest.StartsWith(" +"u8) || cursor.Rest.StartsWith(" -"u8))
            cursor.Spaces();
        return cursor.Zone();
    }

    private static bool Level(ref LineCursor cursor)
    {
        if (!cursor.Skip((byte)' '))
            return false;
        cursor.Spaces();
        var bracketed = cursor.Skip((byte)'[');
        if (!cursor.Word(out var level) || !LogLevels.IsLevel(level))
            return false;
        if (bracketed && !cursor.Skip((byte)']'))
            return false;
        return cursor.SkipEither((byte)' ', (byte)':') && !cursor.Rest.Trim((byte)' ').IsEmpty;
    }
}
