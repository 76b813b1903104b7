using System.Globalization;
using System.Text.Json;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>Positions between pages as text. Callers could have made them up.</summary>
internal static class PagePositions
{
    public static string?[]? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<string?[]>(text);
        }
        catch (JsonException)
        {
            throw Foreign();
        }
    }

    public static long Number(string? text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Foreign();

    public static MaintenanceException Foreign() => MaintenanceException.InvalidArgument("page_token", "is not the next_page_token of a page with the same filters");
}
