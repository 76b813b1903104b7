using System.Text.Json.Serialization;

namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// Where what goes ends: rows before this moment, and of rows of exactly this moment those with a smaller row id, so that a limit by number can be
/// met to the row.
/// </summary>
/// <param name="Ticks">The moment, ticks since the year 1, UTC.</param>
/// <param name="RowId">Row id; the least one there is: no row of exactly the moment goes.</param>
internal readonly record struct Cutoff(long Ticks, long RowId)
{
    /// <summary>Nothing goes.</summary>
    public static readonly Cutoff Never = new(0, long.MinValue);

    public static Cutoff At(DateTimeOffset moment) => new(moment.UtcTicks, long.MinValue);

    [JsonIgnore]
    public DateTimeOffset Moment => new(Ticks, TimeSpan.Zero);

    public bool IsPast(long ticks, long rowId) => ticks < Ticks || (ticks == Ticks && rowId < RowId);

    /// <summary>The one by which more goes.</summary>
    public static Cutoff Later(Cutoff one, Cutoff other) => one.IsPast(other.Ticks, other.RowId) ? one : other;
}
