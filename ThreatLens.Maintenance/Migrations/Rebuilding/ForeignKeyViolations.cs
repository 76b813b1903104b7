using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>Rows that refer to nothing. Databases of the original application have some: only those that a rebuild adds are its fault.</summary>
internal static class ForeignKeyViolations
{
    private const string Concerned =
        """
        SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
        WHERE m.type = 'table' AND (m.name = $table COLLATE NOCASE OR f."table" = $table COLLATE NOCASE) ORDER BY m.name
        """;

    /// <summary>Counts them by "child, parent", among the foreign keys of a table and those that refer to it.</summary>
    public static IReadOnlyDictionary<string, long> Count(SqliteConnection connection, string table)
    {
        var counts = new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase);
        foreach (var child in connection.Texts(Concerned, ("$table", table)))
        {
            foreach (var row in Violations(connection, child))
                counts[row.Pair] = row.Count;
        }

        return counts;
    }

    /// <exception cref="RebuildRefusedException">There are more than before.</exception>
    public static void RefuseNew(IReadOnlyDictionary<string, long> before, IReadOnlyDictionary<string, long> after)
    {
        var more = after.Where(a => a.Value > before.GetValueOrDefault(a.Key)).ToList();
        if (more.Count > 0)
        {
            throw new RebuildRefusedException("rows would refer to nothing: " + string.Join(
                ", ", more.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Value - before.GetValueOrDefault(m.Key)} of {m.Key}"))));
        }
    }

    private static List<(string Pair, long Count)> Violations(SqliteConnection connection, string child)
    {
        try
        {
            return connection.Texts("SELECT count(*) || ' ' || parent FROM pragma_foreign_key_check($child) GROUP BY parent", ("$child", child))
                .ConvertAll(t => t.Split(' ', 2)).ConvertAll(t => ($"{child} to {t[1]}", long.Parse(t[0], CultureInfo.InvariantCulture)));
        }
        catch (SqliteException)
        {
            // A parent without a key: whether that is new, the trial has told.
            return [];
        }
    }
}
