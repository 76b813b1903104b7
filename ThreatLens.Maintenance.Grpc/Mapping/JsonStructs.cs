using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>
/// JSON as google.protobuf.Struct. Other programs write the JSON, and Google's own parser refuses what they may: a number that no double
/// holds (it becomes infinite here).
/// </summary>
internal static class JsonStructs
{
    /// <summary>Reads a JSON object.</summary>
    public static Struct ToStruct(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ToStruct(document.RootElement);
    }

    private static Struct ToStruct(JsonElement element)
    {
        var made = new Struct();
        foreach (var property in element.EnumerateObject())
            made.Fields[property.Name] = ToValue(property.Value);
        return made;
    }

    private static Value ToValue(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Value.ForStruct(ToStruct(element)),
        JsonValueKind.Array => Value.ForList([.. element.EnumerateArray().Select(ToValue)]),
        JsonValueKind.String => Value.ForString(element.GetString()),
        JsonValueKind.Number => Value.ForNumber(element.GetDouble()),
        JsonValueKind.True => Value.ForBool(true),
        JsonValueKind.False => Value.ForBool(false),
        _ => Value.ForNull(),
    };
}
