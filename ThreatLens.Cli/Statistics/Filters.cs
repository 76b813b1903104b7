using ThreatLens.Cli.Output;

namespace ThreatLens.Cli.Statistics;

/// <summary>The filters of a request in words.</summary>
internal static class Filters
{
    /// <returns>" of channel 'email' and type 'digest'"; empty when there is no filter.</returns>
    public static string Of(params (string Name, string Value)[] filters) => filters.Where(f => f.Value.Length > 0).ToList() is { Count: > 0 } given
        ? " of " + string.Join(" and ", given.Select(f => $"{f.Name} '{Safe.Text(f.Value)}'"))
        : string.Empty;
}
