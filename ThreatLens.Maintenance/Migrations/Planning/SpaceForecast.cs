using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Estimates how many bytes the statements of a plan write, from the rows they touch and the size of some of them.</summary>
internal sealed class SpaceForecast(RowCounter counter)
{
    private const int SampledRows = 1000;

    // What a row takes beside its values, in a table or an index.
    private const long RowOverhead = 16;

    // Pages are not filled to the last byte.
    private const double PageFill = 1.25;

    /// <summary>Bytes by which the database grows.</summary>
    public long NewBytes { get; private set; }

    /// <summary>Bytes that are written over.</summary>
    public long RewrittenBytes { get; private set; }

    /// <summary>Adds what a statement writes.</summary>
    public void Add(ShadowSchema shadow, ScriptStatement statement, TableState? before, long? rows, bool changed)
    {
        if (rows is not > 0)
            return;
        switch (statement.Action)
        {
            case StatementAction.CreateIndex when changed && before is not null:
                var key = shadow.Connection.Texts("SELECT name FROM pragma_index_xinfo($name) WHERE key = 1 AND name IS NOT NULL", ("$name", statement.Shape.Name));
                NewBytes += Bytes(rows.Value, before, key);
                break;
            case StatementAction.CreateTable or StatementAction.Insert:
                // The copy of a table holds what it copies; of other queries as much is assumed as the largest table read has in a row.
                var source = shadow.Reads.Select(r => shadow.Tables.GetValueOrDefault(r)).OfType<TableState>().Append(before).OfType<TableState>().FirstOrDefault();
                NewBytes += source is null ? statement.Sql.Length : Bytes(rows.Value, source, source.Columns.Select(c => c.Name));
                break;
            case StatementAction.DropColumn or StatementAction.Update or StatementAction.Delete when before is not null:
                RewrittenBytes += Bytes(rows.Value, before, before.Columns.Select(c => c.Name));
                break;
        }
    }

    private long Bytes(long rows, TableState table, IEnumerable<string> columns)
    {
        var lengths = string.Join(" + ", columns.Select(c => $"ifnull(length(CAST({Remedy.Quote(c)} AS BLOB)), 0)").DefaultIfEmpty("0"));
        var average = table.Rows.Sql is { } source
            ? counter.Number($"SELECT CAST(ifnull(avg(bytes), 0) AS INTEGER) FROM (SELECT {lengths} AS bytes FROM ({source}) LIMIT {SampledRows})")
            : null;
        return (long)(rows * ((average ?? 0) + RowOverhead) * PageFill);
    }
}
