using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>What a row of a table takes, with its index entries, estimated from the first rows there are.</summary>
internal static class RowSize
{
    private const int Sample = 100;

    // What SQLite writes around a row and around an index entry, and the share of a page that stays empty.
    private const int RowOverhead = 8;
    private const int EntryOverhead = 10;
    private const double Fill = 0.9;

    /// <returns>Bytes; 0 for a table without rows.</returns>
    public static double Of(SqliteConnection reader, string table)
    {
        var columns = reader.Texts("SELECT name FROM pragma_table_info($table)", ("$table", table));
        var indexes = reader.Texts("SELECT name FROM pragma_index_list($table)", ("$table", table));
        var terms = columns.Select(Length)
            .Concat(indexes.SelectMany(i => reader.Texts("SELECT name FROM pragma_index_info($index) WHERE name IS NOT NULL", ("$index", i)).Select(Length)));
        var sum = string.Join(" + ", terms.DefaultIfEmpty("0"));
        var mean = reader.Scalar($"SELECT avg({sum}) FROM (SELECT * FROM {RowScan.Quoted(table)} LIMIT {Sample.ToString(CultureInfo.InvariantCulture)})");
        return mean is null or DBNull ? 0 : (Convert.ToDouble(mean, CultureInfo.InvariantCulture) + RowOverhead + (indexes.Count * EntryOverhead)) / Fill;
    }

    // An extra byte for the column's type.
    private static string Length(string column) => $"coalesce(length(CAST({RowScan.Quoted(column)} AS BLOB)), 0) + 1";
}
