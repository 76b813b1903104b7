namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>syslog lines.</summary>
internal static class SyslogLine
{
    /// <summary><c>Dec 10 06:55:46 host tag[pid]: message</c>; what follows the host is the program's own (RFC 3164, 4.1.3).</summary>
    public static bool FitsTraditional(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return cursor.Month() && cursor.Skip((byte)' ')
            && (cursor.Skip((byte)' ') ? cursor.Number(1, 1, 9) : cursor.Number(2, 1, 31))
            && cursor.Skip((byte)' ') && cursor.TimeOfDay() && cursor.Skip((byte)' ')
            && cursor.Until((byte)' ') && !cursor.Rest.Trim((byte)' ').IsEmpty;
    }

    /// <summary><c>2026-11-23T15:00:01.123456+00:00 host tag[pid]: message</c>, as rsyslog writes by default.</summary>
    public static bool FitsIso(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return IsoTime(ref cursor) && cursor.Skip((byte)' ') && cursor.Until((byte)' ') && cursor.Until((byte)':') && !cursor.AtEnd;
    }

    /// <summary><c>&lt;34&gt;</c> before a traditional line or before <c>1 TIME HOST APP PROCID MSGID DATA MESSAGE</c> (RFC 5424).</summary>
    public static bool FitsWithPriority(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        if (!(cursor.Skip((byte)'<') && cursor.Until((byte)'>', out var priority) && IsPriority(priority)))
            return false;
        if (FitsTraditional(cursor.Rest))
            return true;
        return cursor.Skip("1 "u8) && (cursor.Skip((byte)'-') || IsoTime(ref cursor)) && cursor.Skip((byte)' ')
            && cursor.Until((byte)' ') && cursor.Until((byte)' ') && cursor.Until((byte)' ') && cursor.Until((byte)' ')
            && cursor.SkipEither((byte)'-', (byte)'[');
    }

    private static bool IsoTime(ref LineCursor cursor) =>
        cursor.Date((byte)'-') && cursor.Skip((byte)'T') && cursor.TimeOfDay() && cursor.Zone();

    private static bool IsPriority(ReadOnlySpan<byte> text) =>
        text.Length <= 3 && System.Buffers.Text.Utf8Parser.TryParse(text, out int value, out var read) && read == text.Length && value is >= 0 and <= 191;
}
