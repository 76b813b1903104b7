using System.Globalization;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>The record of operations that have ended and are past their cutoff, with what cleanups among them wrote down.</summary>
internal sealed class OperationsStep : CleanupStep
{
    private const int MinLook = 1_000;

    private readonly BoundStatement _rows;
    private readonly Cutoff _cutoff;
    private readonly string _upperId;
    private BoundStatement? _delete;
    private BoundStatement? _deleteCleanup;
    private string _position = "";
    private string _next = "";
    private Found _found = new();

    /// <param name="reader">Where to look; the table is there.</param>
    /// <param name="cutoff">What goes.</param>
    public OperationsStep(SqliteConnection reader, Cutoff cutoff)
        : base(RetentionTable.Operations)
    {
        _cutoff = cutoff;
        _upperId = UpperId(cutoff.Moment);
        _rows = Own(new BoundStatement(
            reader,
            $"SELECT id, created_at FROM {Table.Name} WHERE id > ?1 AND id < ?2 AND state NOT IN ('Queued', 'Running', 'Cancelling') ORDER BY id LIMIT ?3"));
    }

    public override Found Find(int rows, HoldSet holds)
    {
        _found = new Found();
        _next = _position;
        var (read, limit) = (0, Math.Max(rows, MinLook));
        _rows.Bind(1, _position);
        _rows.Bind(2, _upperId);
        _rows.Bind(3, limit);
        while (_found.Rows.Count < rows && _rows.Step())
        {
            read++;
            _next = _rows.Text(0);
            Take(holds);
        }

        _rows.Reset();
        _found.IsLast = read < limit && _found.Rows.Count < rows;
        return _found;
    }

    public override Deleted? Delete(SqliteConnection writer)
    {
        var delete = Prepared(ref _delete, writer, $"DELETE FROM {Table.Name} WHERE id = ?1 AND created_at = ?2");
        var deleteCleanup = Prepared(ref _deleteCleanup, writer, "DELETE FROM maintenance_cleanups WHERE operation_id = ?1");
        var deleted = 0L;
        foreach (var row in _found.Rows)
        {
            delete.Bind(1, row.Id);
            delete.Bind(2, row.Guard);
            deleted += delete.Run();
            deleteCleanup.Bind(1, row.Id);
            deleteCleanup.Run();
        }

        return new Deleted(deleted, default);
    }

    public override void Advance() => _position = _next;

    /// <summary>Ids begin with the milliseconds of their creation: those from two days behind the cutoff on need not be looked at.</summary>
    private static string UpperId(DateTimeOffset cutoff)
    {
        const int MillisecondDigits = 12;
        var milliseconds = Math.Max(0, cutoff.ToUnixTimeMilliseconds() + (2L * 24 * 60 * 60 * 1000));
        return milliseconds.ToString("x12", CultureInfo.InvariantCulture)[..MillisecondDigits];
    }

    private void Take(HoldSet holds)
    {
        if (!_rows.IsText(1) || !TimestampBytes.TryRead(_rows.Utf8(1), out var ticks))
            _found.Unreadable++;
        else if (!_cutoff.IsPast(ticks, long.MinValue))
            return;
        else if (holds.PinsTime(ticks))
            _found.Held++;
        else
            _found.Rows.Add(new GoingRow(0, _rows.Text(1), ticks, _next));
    }
}
