using System.Globalization;
using System.Text.Json;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Maintenance.Statistics;

/// <summary>
/// How far the rows have been read. Rows with a space in their timestamp and rows with a 'T' are two sequences, each in the order of text and
/// id, so each has its own place: nothing that is added meanwhile makes a row come twice or not at all.
/// </summary>
/// <param name="At">Time of the latest row, microseconds since 1970.</param>
/// <param name="Spaced">The last row with a space; null: none yet.</param>
/// <param name="WithT">The last row with a 'T'; null: none yet.</param>
internal sealed record RawPosition(long At, RowPlace? Spaced, RowPlace? WithT)
{
    public RawPosition After(RawMetric row)
    {
        var place = new RowPlace(row.Timestamp, row.Id);
        var at = Math.Max(At, row.At);
        return row.Timestamp[10] == 'T' ? this with { At = at, WithT = place } : this with { At = at, Spaced = place };
    }

    public string Write() => JsonSerializer.Serialize(new[] { Text(At), Spaced?.Timestamp, Text(Spaced?.Id), WithT?.Timestamp, Text(WithT?.Id) });

    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: this was not written by <see cref="Write"/>.</exception>
    public static RawPosition Parse(string text) => PagePositions.Parse(text) is [{ } at, var spaced, var spacedId, var withT, var withTId]
        ? new RawPosition(PagePositions.Number(at), Place(spaced, spacedId), Place(withT, withTId))
        : throw PagePositions.Foreign();

    private static RowPlace? Place(string? timestamp, string? id)
    {
        if (timestamp is null && id is null)
            return null;
        return timestamp is not null && id is not null && MetricTime.Read(timestamp) is not null ? new RowPlace(timestamp, PagePositions.Number(id)) : throw PagePositions.Foreign();
    }

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A row's place in the order of timestamps as text, then ids.</summary>
internal sealed record RowPlace(string Timestamp, long Id);
