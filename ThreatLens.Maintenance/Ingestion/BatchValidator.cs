using System.Globalization;
using System.Text;
using System.Text.Json;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Sorts a batch into rows to store and entries to reject. Runs on the stream's thread, so that the writer only writes.</summary>
public static class BatchValidator
{
    /// <summary>Deepest nesting that SQLite's own JSON functions read.</summary>
    internal const int MaxJsonDepth = 1_000;

    /// <summary>Checks every entry by itself: a bad one never takes the others with it.</summary>
    /// <param name="batch">As received.</param>
    /// <param name="receivedAt">The service's time, UTC.</param>
    public static ValidatedBatch Validate(MetricBatch batch, DateTimeOffset receivedAt)
    {
        var rows = new List<MetricRow>(batch.Samples.Count);
        var rejections = new List<Rejection>();
        var received = SqliteTimestamp.Format(receivedAt);
        for (var i = 0; i < batch.Samples.Count; i++)
        {
            var sample = batch.Samples[i];
            if (Check(sample, receivedAt, out var value, out var time) is { } wrong)
                rejections.Add(new Rejection(RejectedEntry.Sample, i, wrong.Field, wrong.Reason));
            else
                rows.Add(new MetricRow(sample.SourceName, sample.MetricType, value, time is { } t ? SqliteTimestamp.Format(t) : received, sample.Metadata.Length == 0 ? null : sample.Metadata));
        }

        var sources = new List<(int Index, SourceReport Report, string MonitoredAt)>(batch.Sources.Count);
        for (var i = 0; i < batch.Sources.Count; i++)
        {
            if (Check(batch.Sources[i], receivedAt, out var time) is { } wrong)
                rejections.Add(new Rejection(RejectedEntry.Source, i, wrong.Field, wrong.Reason));
            else
                sources.Add((i, batch.Sources[i], time is { } t ? SqliteTimestamp.Format(t) : received));
        }

        return new ValidatedBatch(batch.Sequence, rows, sources, rejections, batch.Bytes);
    }

    private static (string Field, string Reason)? Check(in MetricSample sample, DateTimeOffset now, out string value, out DateTimeOffset? time)
    {
        value = "";
        time = null;
        return CheckName("source_name", sample.SourceName, IngestLimits.MaxNameLength)
            ?? CheckName("metric_type", sample.MetricType, IngestLimits.MaxMetricTypeLength)
            ?? CheckValue(sample.MetricValue, out value)
            ?? CheckTime("timestamp", sample.Timestamp, now, out time)
            ?? CheckNoNul("metric_metadata", sample.Metadata)
            ?? CheckSize("metric_metadata", sample.Metadata);
    }

    private static (string Field, string Reason)? Check(SourceReport source, DateTimeOffset now, out DateTimeOffset? time)
    {
        time = null;
        return CheckName("source_name", source.SourceName, IngestLimits.MaxNameLength)
            ?? CheckName("path", source.Path, IngestLimits.MaxPathLength)
            ?? CheckNotNegative("file_size", source.FileSize)
            ?? CheckNotNegative("offset", source.Offset)
            ?? CheckStatus(source.Status)
            ?? CheckNoNul("error_message", source.ErrorMessage)
            ?? CheckLength("error_message", source.ErrorMessage, IngestLimits.MaxErrorMessageLength)
            ?? CheckNoNul("position_token", source.PositionToken)
            ?? CheckLength("position_token", source.PositionToken, IngestLimits.MaxPositionTokenLength)
            ?? CheckTime("monitor_time", source.MonitoredAt, now, out time);
    }

    private static (string, string)? CheckName(string field, string name, int max) =>
        string.IsNullOrWhiteSpace(name) ? (field, "is empty; give it 1 to " + max.ToString(CultureInfo.InvariantCulture) + " characters")
        : CheckNoNul(field, name) ?? CheckLength(field, name, max);

    // SQLite would store it, and read the text back up to it.
    private static (string, string)? CheckNoNul(string field, string text) =>
        text.Contains('\0', StringComparison.Ordinal) ? (field, "contains the character U+0000; leave it out") : null;

    private static (string, string)? CheckLength(string field, string text, int max)
    {
        // Characters are Unicode code points, as VARCHAR(n) counts them; UTF-16 units are only an upper bound.
        if (text.Length <= max)
            return null;
        var length = text.EnumerateRunes().Count();
        return length <= max ? null : (field, string.Create(CultureInfo.InvariantCulture, $"has {length} characters; at most {max} are stored"));
    }

    private static (string, string)? CheckValue(string text, out string value)
    {
        value = text;
        if (CheckSize("metric_value", text) is { } tooLarge)
            return tooLarge;
        if (IsPlainNumber(text) || IsJson(text))
            return null;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
            return ("metric_value", "is neither a number nor JSON; send a finite number such as 13.7 or an object such as {\"value\": 13.7}");
        // A number that JSON spells differently (+5, .5, 007): the column holds JSON.
        value = number.ToString("R", CultureInfo.InvariantCulture);
        return null;
    }

    // What nearly every value is, told without a JSON reader: digits, with a sign before and a fraction behind.
    private static bool IsPlainNumber(string text)
    {
        var digits = text.AsSpan(text.StartsWith('-') ? 1 : 0);
        var point = digits.IndexOf('.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? "0" : digits[(point + 1)..];
        return whole.Length > 0 && (whole.Length == 1 || whole[0] != '0') && fraction.Length > 0
            && !whole.ContainsAnyExceptInRange('0', '9') && !fraction.ContainsAnyExceptInRange('0', '9');
    }

    private static bool IsJson(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = MaxJsonDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static (string, string)? CheckSize(string field, string text)
    {
        var bytes = text.Length <= IngestLimits.MaxValueBytes / 3 ? text.Length : Encoding.UTF8.GetByteCount(text);
        return bytes <= IngestLimits.MaxValueBytes ? null : (field, string.Create(CultureInfo.InvariantCulture, $"has {bytes} bytes; at most {IngestLimits.MaxValueBytes} are stored"));
    }

    private static (string, string)? CheckTime(string field, SampleTime? given, DateTimeOffset now, out DateTimeOffset? time)
    {
        time = given?.ToDateTimeOffset();
        return given is not null && (time is null || time > now + IngestLimits.MaxClockLead)
            ? (field, "is out of range; from 1970-01-01T00:00:00Z to one day from now")
            : null;
    }

    private static (string, string)? CheckStatus(string? status) =>
        status is null ? ("status", "is no LogSourceStatus; send ACTIVE, INACTIVE, ERROR or PAUSED") : null;

    private static (string, string)? CheckNotNegative(string field, long value) => value >= 0 ? null : (field, "is negative");
}

/// <summary>A metric as it will be stored.</summary>
/// <param name="SourceName">Column source_name.</param>
/// <param name="MetricType">Column metric_type.</param>
/// <param name="MetricValue">Column metric_value: JSON.</param>
/// <param name="Timestamp">Column timestamp.</param>
/// <param name="Metadata">Column metric_metadata; null for none.</param>
public readonly record struct MetricRow(string SourceName, string MetricType, string MetricValue, string Timestamp, string? Metadata);

/// <summary>A batch whose entries have been checked.</summary>
/// <param name="Sequence">The producer's number for it.</param>
/// <param name="Rows">What to store.</param>
/// <param name="Sources">Reports to store, with their index in the batch and their time as text.</param>
/// <param name="Rejections">What not to store, and why.</param>
/// <param name="Bytes">What it takes in memory, about.</param>
public sealed record ValidatedBatch(
    long Sequence, IReadOnlyList<MetricRow> Rows, IReadOnlyList<(int Index, SourceReport Report, string MonitoredAt)> Sources, IReadOnlyList<Rejection> Rejections, long Bytes)
{
    /// <summary>Which of the batch's samples a row is; those before it that were rejected count.</summary>
    internal int SampleOf(int row)
    {
        var index = row;
        // Rejections are in the order of the samples.
        foreach (var rejection in Rejections)
        {
            if (rejection.Entry != RejectedEntry.Sample || rejection.Index > index)
                break;
            index++;
        }

        return index;
    }
}

/// <summary>Why one entry of a batch is not stored.</summary>
/// <param name="Entry">The list it is in.</param>
/// <param name="Index">Its index there, from 0.</param>
/// <param name="Field">The field at fault, snake_case.</param>
/// <param name="Reason">What is wrong and what would be right.</param>
public sealed record Rejection(RejectedEntry Entry, int Index, string Field, string Reason);

/// <summary>A list of a batch.</summary>
public enum RejectedEntry
{
    /// <summary>The samples.</summary>
    Sample,

    /// <summary>The source reports.</summary>
    Source,
}
