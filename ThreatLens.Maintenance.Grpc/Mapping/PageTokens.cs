using System.Buffers.Text;
using System.Text;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Page tokens: where the next page begins, bound to the filters of the first. Opaque to callers.</summary>
internal static class PageTokens
{
    private const char Separator = '\n';

    public static string Write(string filter, string position) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(filter + Separator + position));

    /// <returns>The position; null for the first page.</returns>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: not a token of this list with these filters.</exception>
    public static string? Read(string token, string filter)
    {
        if (token.Length == 0)
            return null;
        var text = Base64Url.IsValid(token) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)) : "";
        return text.StartsWith(filter + Separator, StringComparison.Ordinal)
            ? text[(filter.Length + 1)..]
            : throw MaintenanceException.InvalidArgument("page_token", "is not the next_page_token of a page with the same filters");
    }
}
