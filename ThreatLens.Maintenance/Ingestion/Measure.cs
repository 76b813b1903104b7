using System.Buffers;
using System.Text;
using System.Text.Json;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>
/// What counts as numeric in <c>metric_value</c>: a JSON number, or a JSON object whose member <c>value</c> is one (of several, the last
/// counts, as for the original application's reader), finite as a double. Nothing else does: no number in a string, no nested object, no
/// text that is not JSON.
/// </summary>
internal static class Measure
{
    private const int StackBytes = 512;

    /// <returns>The measure; null when the value is not numeric.</returns>
    public static double? Of(string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (most <= StackBytes)
        {
            Span<byte> few = stackalloc byte[StackBytes];
            return Of(few[..Encoding.UTF8.GetBytes(value, few)]);
        }

        var many = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            return Of(many.AsSpan(0, Encoding.UTF8.GetBytes(value, many)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(many);
        }
    }

    /// <inheritdoc cref="Of(string)"/>
    public static double? Of(ReadOnlySpan<byte> value)
    {
        // What begins otherwise cannot be numeric; junk must not cost an exception a row.
        var start = value.TrimStart(" \t\r\n"u8);
        if (start.IsEmpty || !(start[0] is (byte)'{' or (byte)'-' or (>= (byte)'0' and <= (byte)'9')))
            return null;
        try
        {
            var reader = new Utf8JsonReader(start, new JsonReaderOptions { MaxDepth = BatchValidator.MaxJsonDepth });
            reader.Read();
            var measure = reader.TokenType == JsonTokenType.StartObject ? OfObject(ref reader) : OfNumber(ref reader);
            // Whatever follows makes it no JSON.
            reader.Read();
            return measure;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static double? OfObject(ref Utf8JsonReader reader)
    {
        double? measure = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMeasure = reader.ValueTextEquals("value"u8);
            reader.Read();
            if (isMeasure)
                measure = OfNumber(ref reader);
            reader.Skip();
        }

        return measure;
    }

    private static double? OfNumber(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;
}
