namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Access log lines of nginx and Apache.</summary>
internal static class AccessLine
{
    /// <summary>
    /// <c>HOST IDENT USER [10/Oct/2026:13:55:36 +0000] "REQUEST" STATUS SIZE</c>, and anything after (combined: referrer, agent). A
    /// virtual host before it is taken, too. The request is what the client sent: it may be anything, quotes in it are escaped.
    /// </summary>
    public static bool Fits(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return cursor.Until((byte)'[', out var who) && who.Count((byte)' ') >= 3 && who[^1] == (byte)' '
            && cursor.Number(2, 1, 31) && cursor.Skip((byte)'/') && cursor.Month() && cursor.Skip((byte)'/') && cursor.Number(4, 1970, 9999)
            && cursor.Skip((byte)':') && cursor.TimeOfDay() && cursor.Skip((byte)' ') && cursor.Zone() && cursor.Skip("] "u8)
            && Quoted(ref cursor)
            && cursor.Skip((byte)' ') && cursor.Number(3, 100, 999)
            && cursor.Skip((byte)' ') && (cursor.Skip((byte)'-') || cursor.Digits())
            && (cursor.AtEnd || cursor.Skip((byte)' '));
    }

    private static bool Quoted(ref LineCursor cursor)
    {
        if (!cursor.Skip((byte)'"'))
            return false;
        var rest = cursor.Rest;
        for (var at = 0; at < rest.Length && rest[at] != (byte)'"'; at++)
        {
            if (rest[at] == (byte)'\\')
                at++;
            if (at + 1 < rest.Length && rest[at + 1] == (byte)'"')
                return cursor.Skip(rest[..(at + 2)]);
        }
        return cursor.Skip((byte)'"');
    }
}
