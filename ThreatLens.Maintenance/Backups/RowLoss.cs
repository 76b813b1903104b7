using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Backups;

/// <summary>What of the present database a backup does not have.</summary>
/// <param name="Rows">Rows of the product's tables that the backup does not have, or has with other values.</param>
/// <param name="UnreadableTables">Tables that are too damaged to be compared; their rows are not in the number.</param>
internal sealed record RowLoss(long Rows, IReadOnlyList<string> UnreadableTables)
{
    /// <summary>
    /// Counts, exactly: rows are compared by primary key, all columns; a column that the backup lacks counts where it holds something else than
    /// its default. Tables without a primary key are compared as sets of rows. Reads both databases.
    /// </summary>
    /// <exception cref="SqliteException">Something else than a damaged table.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public static RowLoss Count(SqliteConnection present, string backupPath, CancellationToken cancellationToken)
    {
        present.Execute("ATTACH $path AS backup", ("$path", backupPath));
        var rows = 0L;
        var unreadable = new List<string>();
        foreach (var table in present.Texts("SELECT name FROM main.sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name").Where(ProductTables.Contains))
        {
            try
            {
                rows += CountIn(present, table, cancellationToken);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_CORRUPT)
            {
                unreadable.Add(table);
            }
        }

        present.Execute("DETACH backup");
        return new RowLoss(rows, unreadable);
    }

    private static long CountIn(SqliteConnection connection, string table, CancellationToken cancellationToken)
    {
        var name = DatabaseContent.Quote(table);
        if (connection.Scalar("SELECT 1 FROM backup.sqlite_master WHERE type = 'table' AND name = $name COLLATE NOCASE", ("$name", table)) is null)
            return Number(connection, $"SELECT count(*) FROM main.{name}", cancellationToken);

        const string Columns = "SELECT name FROM pragma_table_info($table, $schema)";
        var ours = connection.Texts(Columns, ("$table", table), ("$schema", "main"));
        var theirs = connection.Texts(Columns, ("$table", table), ("$schema", "backup")).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var key = connection.Texts(Columns + " WHERE pk > 0 ORDER BY pk", ("$table", table), ("$schema", "main"));
        var theirKey = connection.Texts(Columns + " WHERE pk > 0 ORDER BY pk", ("$table", table), ("$schema", "backup"));
        var added = connection.Texts("SELECT name || char(0) || coalesce(dflt_value, 'NULL') FROM pragma_table_info($table, $schema)", ("$table", table), ("$schema", "main"))
            .Select(line => line.Split('\0', 2)).Where(c => !theirs.Contains(c[0]))
            .Select(c => $"p.{DatabaseContent.Quote(c[0])} IS NOT ({c[1]})").ToList();
        var common = ours.Where(theirs.Contains).Select(DatabaseContent.Quote).ToList();

        if (key.Count == 0 || !key.SequenceEqual(theirKey, StringComparer.OrdinalIgnoreCase))
        {
            var columns = common.Count == 0 ? "NULL" : string.Join(", ", common);
            var set = $"SELECT count(*) FROM (SELECT {columns} FROM main.{name} EXCEPT SELECT {columns} FROM backup.{name})";
            var fewer = $"SELECT (SELECT count(*) FROM main.{name}) - (SELECT count(*) FROM backup.{name})";
            return Math.Max(Number(connection, set, cancellationToken), Number(connection, fewer, cancellationToken));
        }

        var quotedKey = key.Select(DatabaseContent.Quote).ToList();
        var differs = common.Except(quotedKey, StringComparer.Ordinal).Select(c => $"p.{c} IS NOT b.{c}").Concat(added)
            .Prepend($"b.{quotedKey[0]} IS NULL");
        return Number(
            connection,
            $"SELECT count(*) FROM main.{name} p LEFT JOIN backup.{name} b ON {string.Join(" AND ", quotedKey.Select(k => $"b.{k} = p.{k}"))} WHERE {string.Join(" OR ", differs)}",
            cancellationToken);
    }

    private static long Number(SqliteConnection connection, string sql, CancellationToken cancellationToken) =>
        long.Parse(connection.TextsInterruptibly(sql, cancellationToken)[0], System.Globalization.CultureInfo.InvariantCulture);
}
