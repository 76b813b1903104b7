namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Error log lines of Apache and nginx.</summary>
internal static class ServerErrorLine
{
    /// <summary><c>[Sun Dec 04 04:47:44 2005] [notice] message</c>; 2.4 has microseconds and <c>[module:level]</c>.</summary>
    public static bool FitsApache(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return cursor.Skip((byte)'[') && cursor.Weekday() && cursor.Skip((byte)' ') && cursor.Month() && cursor.Skip((byte)' ')
            && cursor.Number(2, 1, 31) && cursor.Skip((byte)' ') && cursor.TimeOfDay() && cursor.Skip((byte)' ')
            && cursor.Number(4, 1970, 9999) && cursor.Skip("] ["u8)
            && cursor.Until((byte)']', out var level) && LogLevels.IsLevel(level[(level.IndexOf((byte)':') + 1)..])
            && cursor.Skip((byte)' ') && !cursor.AtEnd;
    }

    /// <summary><c>2026/11/23 15:00:01 [error] 123#123: *1 message</c>.</summary>
    public static bool FitsNginx(ReadOnlySpan<byte> line)
    {
        var cursor = new LineCursor(line);
        return cursor.Date((byte)'/') && cursor.Skip((byte)' ') && cursor.TimeOfDay() && cursor.Skip(" ["u8)
            && cursor.Until((byte)']', out var level) && LogLevels.IsLevel(level)
            && cursor.Skip((byte)' ') && cursor.Digits() && cursor.Skip((byte)'#') && cursor.Digits() && cursor.Skip(": "u8);
    }
}
