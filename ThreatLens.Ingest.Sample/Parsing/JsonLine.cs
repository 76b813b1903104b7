using System.Text.Json;

namespace ThreatLens.Ingest.Sample.Parsing;

/// <summary>Lines that are one JSON object.</summary>
internal static class JsonLine
{
    public static bool Fits(ReadOnlySpan<byte> line)
    {
        // Cheaper than the exception that a truncated line would cost.
        if (line.TrimEnd((byte)' ')[^1] != (byte)'}')
            return false;
        var reader = new Utf8JsonReader(line);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.TrySkip() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
