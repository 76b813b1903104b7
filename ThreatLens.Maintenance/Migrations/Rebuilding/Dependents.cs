using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>What else of a schema needs a table as it is: indexes, views, triggers, foreign keys.</summary>
internal static class Dependents
{
    /// <summary>Refuses a change after which something would no longer work that works now.</summary>
    /// <param name="entries">The schema as it is.</param>
    /// <param name="then">The schema as it would be; it is used up.</param>
    /// <param name="table">The table that changes.</param>
    /// <exception cref="RebuildRefusedException">Naming all of it.</exception>
    public static void RefuseWhatWouldBreak(IReadOnlyList<SchemaEntry> entries, SchemaTrial then, string table)
    {
        using var now = SchemaTrial.Of(entries);
        var kept = then.Columns(table);
        var lost = now.Columns(table).Where(c => !kept.Any(k => SqlNames.AreSame(k, c))).ToList();
        var works = now.FindWorking();
        var willWork = then.FindWorking();
        var inTheWay = entries
            .Where(e => works.Contains(e.Label) ? !willWork.Contains(e.Label) || (e.IsOn(table) && lost.Any(e.WaitsFor)) : UsesUnseen(e, table, lost))
            .Select(e => e.Label)
            .ToList();
        if (inTheWay.Count == 0)
            return;
        var without = lost.Count == 0 ? "the table as it is" : string.Join(", ", lost);
        throw new RebuildRefusedException($"because these need {without}: {string.Join(", ", inTheWay)}. Drop them first, and create them again without it afterwards")
        {
            InTheWay = inTheWay,
        };
    }

    // What does not compile in memory (an extension is missing) is judged by its words.
    private static bool UsesUnseen(SchemaEntry entry, string table, List<string> lost) =>
        entry.Type != "table" && (entry.IsOn(table) || entry.Mentions(table)) && lost.Any(entry.Mentions);
}
