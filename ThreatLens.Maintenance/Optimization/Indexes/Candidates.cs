namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>Guesses which columns an index for a query should have; whether the guess is right is measured, not believed.</summary>
internal static class Candidates
{
    private const int MostColumns = 4;
    private static readonly string[] Equal = ["=", "=="];
    private static readonly string[] Between = ["<", ">", "<=", ">="];

    /// <summary>Columns compared for equality, then one compared for order, or else those that are sorted by; empty when there is nothing to guess from.</summary>
    public static IReadOnlyList<string> Columns(KnownQuery query, IReadOnlySet<string> columns)
    {
        var (equal, between, sorted) = (new List<string>(), new List<string>(), new List<string>());
        var (inWhere, inOrder) = (false, false);
        for (var i = 0; i < query.Tokens.Count; i++)
        {
            var token = query.Tokens[i];
            if (token.Is("WHERE") || token.Is("ON"))
                (inWhere, inOrder) = (true, false);
            else if (token.Is("ORDER") || token.Is("GROUP"))
                (inWhere, inOrder) = (false, true);
            else if (token.Is("LIMIT") || token.Is("HAVING"))
                (inWhere, inOrder) = (false, false);
            else if (token.IsName && columns.Contains(token.Name))
                Sort(query, i, inWhere, inOrder, equal, between, sorted);
        }

        var rest = between.Count > 0 ? between.Take(1) : sorted;
        return [.. equal.Concat(rest).Distinct(StringComparer.OrdinalIgnoreCase).Take(MostColumns)];
    }

    private static void Sort(KnownQuery query, int at, bool inWhere, bool inOrder, List<string> equal, List<string> between, List<string> sorted)
    {
        var (name, next) = (query.Tokens[at].Name, at + 1 < query.Tokens.Count ? query.Tokens[at + 1] : null);
        if (inOrder)
            sorted.Add(name);
        else if (inWhere && next is not null && (Equal.Any(next.IsSymbol) || next.Is("IN") || next.Is("IS")))
            equal.Add(name);
        else if (inWhere && next is not null && (Between.Any(next.IsSymbol) || next.Is("BETWEEN")))
            between.Add(name);
    }
}
