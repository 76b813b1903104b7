using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Client.Ingestion.Buffering;

/// <summary>Makes samples, and refuses at once what the contract's bounds would have the service refuse later.</summary>
internal static class SampleLimits
{
    private const int MaxSourceNameLength = 255;
    private const int MaxMetricTypeLength = 100;
    private const int MaxValueBytes = 64 * 1024;
    private const int MaxJsonDepth = 1_000;
    private static readonly TimeSpan MaxClockLead = TimeSpan.FromDays(1);

    public static string ValueOf(double value) =>
        double.IsFinite(value)
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A metric is a finite number: JSON has no word for this one.");

    public static string ValueOf(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string ValueOf(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        CheckSize(json, nameof(json));
        return IsJson(json) ? json : throw new ArgumentException("The value is not JSON. A text is JSON within quotation marks; a measure is a number, or an object such as {\"value\": 13.7}.", nameof(json));
    }

    /// <summary>A sample whose value is checked already.</summary>
    public static MetricSample Sample(string source, string type, string value, DateTimeOffset? timestamp, string? metadata, DateTimeOffset now)
    {
        CheckName(source, MaxSourceNameLength, nameof(source));
        CheckName(type, MaxMetricTypeLength, nameof(type));
        if (timestamp is { } given && (given < DateTimeOffset.UnixEpoch || given > now + MaxClockLead))
            throw new ArgumentOutOfRangeException(nameof(timestamp), given, "The timestamp must lie between 1970-01-01 and one day from now.");
        if (metadata is not null)
        {
            CheckNoNul(metadata, nameof(metadata));
            CheckSize(metadata, nameof(metadata));
        }
        return new MetricSample
        {
            SourceName = source,
            MetricType = type,
            MetricValue = value,
            Timestamp = Timestamp.FromDateTimeOffset(timestamp ?? now),
            MetricMetadata = metadata ?? "",
        };
    }

    private static void CheckName(string name, int max, string parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name, parameter);
        CheckNoNul(name, parameter);
        // Characters are code points, as the database counts them.
        if (name.Length > max && name.EnumerateRunes().Count() > max)
            throw new ArgumentException($"The name has more than {max} characters.", parameter);
    }

    private static void CheckNoNul(string text, string parameter)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("The text contains the character U+0000; leave it out.", parameter);
    }

    private static void CheckSize(string text, string parameter)
    {
        if (text.Length > MaxValueBytes / 3 && Encoding.UTF8.GetByteCount(text) > MaxValueBytes)
            throw new ArgumentException($"The text has more than {MaxValueBytes} bytes as UTF-8.", parameter);
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
}
