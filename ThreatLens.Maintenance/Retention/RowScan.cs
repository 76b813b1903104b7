using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Where a scan stands: behind this row.</summary>
/// <param name="TimeText">The row's time as stored.</param>
/// <param name="RowId">Its row id.</param>
internal readonly record struct RowPosition(string TimeText, long RowId)
{
    /// <summary>Before every text that begins with a digit.</summary>
    public static readonly RowPosition Start = new("/", long.MinValue);
}

/// <summary>
/// Reads a table's rows piece by piece, each piece a short read of its own: in the order of the time column's text where an index has it, and so nearly
/// oldest first, else in the order of row ids. Within a day the text's order is not the time's ('T' sorts after ' ', an offset shifts), so that
/// whoever uses this looks at each row's time. Not thread-safe.
/// </summary>
internal sealed class RowScan : IDisposable
{
    /// <summary>Behind every text that begins with a digit.</summary>
    public const string AllTimes = ":";

    private readonly BoundStatement _rows;
    private readonly RetentionTable _table;
    private readonly SqliteConnection _reader;

    /// <param name="reader">Where to read; nobody else uses it meanwhile.</param>
    /// <param name="table">What to read.</param>
    /// <param name="columns">Further columns, to be read from number 2 on.</param>
    public RowScan(SqliteConnection reader, RetentionTable table, params string[] columns)
    {
        (_reader, _table) = (reader, table);
        Index = FindIndex(reader, table.Name, table.TimeColumn);
        var list = string.Concat(columns.Select(c => ", " + c));
        _rows = new BoundStatement(reader, Index is not null
            ? $"SELECT rowid, {table.TimeColumn}{list} FROM {table.Name} INDEXED BY {Quoted(Index)} WHERE {table.TimeColumn} >= ?1 AND {table.TimeColumn} < ?2 AND ({table.TimeColumn} > ?1 OR rowid > ?3) ORDER BY {table.TimeColumn}, rowid LIMIT ?4"
            : $"SELECT rowid, {table.TimeColumn}{list} FROM {table.Name} NOT INDEXED WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL AND rowid > ?3 ORDER BY rowid LIMIT ?4");
    }

    /// <summary>Whether an index gives the order, so that rows beyond a bound need not be read.</summary>
    public bool IsInOrder => Index is not null;

    /// <summary>That index; null: there is none.</summary>
    public string? Index { get; }

    public long RowId => _rows.Int64(0);

    public ReadOnlySpan<byte> TimeBytes => _rows.IsText(1) ? _rows.Utf8(1) : default;

    /// <summary>Where the scan stands at this row.</summary>
    public RowPosition Position => new(IsInOrder ? _rows.Text(1) : "", RowId);

    /// <summary>The first text that no time before this moment can have: offsets reach to 14 hours, and so into the next day.</summary>
    public static string UpperText(long ticks)
    {
        var day = new DateTime(ticks, DateTimeKind.Utc).Date;
        return day > DateTime.MaxValue.Date.AddDays(-2) ? AllTimes : day.AddDays(2).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The last text that every time from this moment on sorts behind.</summary>
    public static string LowerText(long ticks)
    {
        var day = new DateTime(ticks, DateTimeKind.Utc).Date;
        return day < DateTime.MinValue.AddDays(1) ? "" : day.AddDays(-1).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The index, not a partial one, that begins with a column and has the fewest others; null: there is none.</summary>
    public static string? FindIndex(SqliteConnection reader, string table, string column) => reader.Scalar(
        """
        SELECT i.name FROM pragma_index_list($table) i
        WHERE i.partial = 0 AND (SELECT c.name FROM pragma_index_info(i.name) c WHERE c.seqno = 0) = $column
        ORDER BY (SELECT count(*) FROM pragma_index_info(i.name)), i.name LIMIT 1
        """,
        ("$table", table), ("$column", column)) as string;

    public static string Quoted(string name) => Backups.DatabaseContent.Quote(name);

    /// <summary>Begins a piece.</summary>
    /// <param name="from">Behind this row.</param>
    /// <param name="upperText">Rows with this text or a later one are not wanted; without an index they come all the same.</param>
    /// <param name="limit">Most rows.</param>
    public void Begin(RowPosition from, string upperText, int limit)
    {
        _rows.Bind(1, from.TimeText);
        _rows.Bind(2, upperText);
        _rows.Bind(3, from.RowId);
        _rows.Bind(4, limit);
    }

    public bool Next() => _rows.Step();

    /// <summary>Ends a piece before its last row.</summary>
    public void End() => _rows.Reset();

    public string Text(int column) => _rows.Text(column);

    public bool IsNull(int column) => _rows.IsNull(column);

    public bool IsText(int column) => _rows.IsText(column);

    /// <summary>Whether the column holds exactly this number, as SQL's = would have it.</summary>
    public bool Is(int column, long number) => _rows.IsInteger(column) && _rows.Int64(column) == number;

    /// <summary>The bytes of a text; valid until the next row.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => _rows.Utf8(column);

    /// <summary>Reads the row's time.</summary>
    /// <returns>False when it has none.</returns>
    public bool TryReadTime(out long ticks) => TimestampBytes.TryRead(TimeBytes, out ticks);

    /// <summary>Rows that a scan in order does not come past: no text, or one that does not begin with a digit.</summary>
    public long CountOutside() => IsInOrder ? CountWithoutTime() : 0;

    /// <summary>Rows whose time is no text, or one that does not begin with a digit: a look into the index; without one, a walk through the table.</summary>
    public long CountWithoutTime() => (long)_reader.Scalar(
        $"SELECT (SELECT count(*) FROM {_table.Name} WHERE {_table.TimeColumn} IS NULL) + (SELECT count(*) FROM {_table.Name} WHERE {_table.TimeColumn} < '/') + (SELECT count(*) FROM {_table.Name} WHERE {_table.TimeColumn} >= ':')")!;

    public void Dispose() => _rows.Dispose();
}
