namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>
/// Which indexes do nothing that another does not do. Only what somebody created is dropped, never what keeps rows apart unless the other does
/// too; conditions must be the same, and so must order and collation.
/// </summary>
internal static class RedundantIndexes
{
    /// <summary>Those to drop, each with the one that stays and whether they are the same.</summary>
    public static IReadOnlyList<(KnownIndex Index, KnownIndex By, bool IsSame)> Find(IReadOnlyList<KnownIndex> indexes)
    {
        var makesSuperfluous = indexes.ToDictionary(i => i, i => indexes.Where(by => by != i && Replaces(by, i)).ToList());
        var found = new List<(KnownIndex, KnownIndex, bool)>();
        foreach (var (index, replacements) in makesSuperfluous.Where(i => i.Value.Count > 0))
        {
            // One that stays; the relation has no circles, so there is one.
            var by = replacements.Where(r => makesSuperfluous[r].Count == 0).OrderBy(r => r.Key.Length).First();
            found.Add((index, by, by.Key == index.Key));
        }

        return found;
    }

    private static bool Replaces(KnownIndex by, KnownIndex index)
    {
        if (index.Sql is null || !by.Table.Equals(index.Table, StringComparison.OrdinalIgnoreCase) || by.Where != index.Where)
            return false;
        if (by.Key == index.Key)
        {
            // Of two that are alike in everything, the one whose name comes first stays.
            return by.IsUnique != index.IsUnique ? by.IsUnique : by.Sql is null || string.CompareOrdinal(by.Name, index.Name) < 0;
        }

        return !index.IsUnique && (by.Key.StartsWith(index.Key + ", ", StringComparison.Ordinal) || by.Key.StartsWith(index.Key + " , ", StringComparison.Ordinal));
    }
}
