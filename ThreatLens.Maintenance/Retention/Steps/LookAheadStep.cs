using System.Text;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Retention.Holds;

namespace ThreatLens.Maintenance.Retention.Steps;

/// <summary>
/// Rows past their cutoff of which something in another table has to be known first, to which no index leads: that table is read once for many rows that
/// come next. Not thread-safe.
/// </summary>
internal abstract class LookAheadStep : CleanupStep
{
    private const int MinLook = 1_000;

    /// <summary>Rows that are looked ahead for.</summary>
    private const int SliceRows = 250_000;

    private readonly Cutoff _cutoff;
    private readonly string _upper;
    private RowPosition _position = RowPosition.Start;
    private RowPosition _next;
    private bool _begun;

    /// <param name="reader">Where to look.</param>
    /// <param name="table">A table with the columns id and source.</param>
    /// <param name="cutoff">What goes.</param>
    protected LookAheadStep(SqliteConnection reader, RetentionTable table, Cutoff cutoff)
        : base(table)
    {
        (_cutoff, _upper) = (cutoff, RowScan.UpperText(cutoff.Ticks));
        Scan = Own(new RowScan(reader, table, "id", "source"));
    }

    /// <summary>Stands at a row: column 2 is its id, 3 its source.</summary>
    protected RowScan Scan { get; }

    /// <summary>What this look has found so far.</summary>
    protected Found Found { get; private set; } = new();

    /// <summary>Hashes of the ids that what is known is about.</summary>
    protected HashSet<int> Slice { get; } = [];

    /// <summary>Whether anything has to be known ahead at all.</summary>
    protected virtual bool LooksAhead => true;

    public override Found Find(int rows, HoldSet holds)
    {
        Found = new Found { Unreadable = _begun ? 0 : Scan.CountOutside() };
        _next = _position;
        var limit = Math.Max(rows, MinLook);
        var (read, stopped) = (0, false);
        Scan.Begin(_position, _upper, limit);
        while (Found.Rows.Count < rows && Scan.Next())
        {
            stopped = !Look(holds);
            if (stopped)
                break;
            read++;
            _next = Scan.Position;
        }

        Scan.End();
        Found.IsLast = read < limit && Found.Rows.Count < rows && !stopped;
        if (!stopped || read > 0)
            return Found;
        LookAhead(holds);
        return Find(rows, holds);
    }

    public override void Advance() => (_position, _begun) = (_next, true);

    /// <summary>Reads what has to be known of the rows of <see cref="Slice"/>.</summary>
    protected abstract void Prepare(HoldSet holds);

    /// <summary>Decides about the row that the scan stands at: it is old, and what has to be known of it is.</summary>
    protected abstract void Decide(string id, long ticks, HoldSet holds);

    /// <summary>It goes.</summary>
    protected void Take(string id, long ticks) => Found.Rows.Add(new GoingRow(Scan.RowId, Encoding.UTF8.GetString(Scan.TimeBytes), ticks, id));

    /// <returns>False when what has to be known of the row is not known yet.</returns>
    private bool Look(HoldSet holds)
    {
        if (!Scan.TryReadTime(out var ticks))
        {
            Found.Unreadable++;
            return true;
        }

        if (!_cutoff.IsPast(ticks, Scan.RowId))
            return true;
        var id = Scan.Text(2);
        if (LooksAhead && !Slice.Contains(EventChildren.Hash(id)))
            return false;
        Decide(id, ticks, holds);
        return true;
    }

    private void LookAhead(HoldSet holds)
    {
        Slice.Clear();
        Scan.Begin(_position, _upper, SliceRows);
        while (Scan.Next())
        {
            if (Scan.TryReadTime(out var ticks) && _cutoff.IsPast(ticks, Scan.RowId))
                Slice.Add(EventChildren.Hash(Scan.Text(2)));
        }

        Prepare(holds);
    }
}
