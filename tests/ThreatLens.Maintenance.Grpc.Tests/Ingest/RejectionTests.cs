using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Ingest;

/// <summary>Samples that cannot be stored are named one by one; the others are stored and the stream goes on.</summary>
public sealed class RejectionTests(SharedService shared)
{
    private const int KiB64 = 64 * 1024;
    private static readonly string Emoji100 = string.Concat(Enumerable.Repeat("😀", 100));

    private static readonly Dictionary<string, (string Field, MetricSample Sample)> Bad = new()
    {
        ["no source name"] = ("source_name", Sample(s => s.SourceName = "")),
        ["blank source name"] = ("source_name", Sample(s => s.SourceName = " \t\n ")),
        ["over-long source name"] = ("source_name", Sample(s => s.SourceName = new string('s', 256))),
        ["over-long source name of emoji"] = ("source_name", Sample(s => s.SourceName = string.Concat(Enumerable.Repeat("😀", 256)))),
        ["source name with U+0000"] = ("source_name", Sample(s => s.SourceName = "a\0b")),
        ["no metric type"] = ("metric_type", Sample(s => s.MetricType = "")),
        ["blank metric type"] = ("metric_type", Sample(s => s.MetricType = "   ")),
        ["over-long metric type"] = ("metric_type", Sample(s => s.MetricType = new string('t', 101))),
        ["over-long metric type of emoji"] = ("metric_type", Sample(s => s.MetricType = Emoji100 + "x")),
        ["no value"] = ("metric_value", Sample(s => s.MetricValue = "")),
        ["blank value"] = ("metric_value", Sample(s => s.MetricValue = " ")),
        ["word"] = ("metric_value", Sample(s => s.MetricValue = "many")),
        ["not a number"] = ("metric_value", Sample(s => s.MetricValue = "NaN")),
        ["infinite"] = ("metric_value", Sample(s => s.MetricValue = "Infinity")),
        ["negative infinite"] = ("metric_value", Sample(s => s.MetricValue = "-∞")),
        ["beyond a double"] = ("metric_value", Sample(s => s.MetricValue = "+1e309")),
        ["two numbers"] = ("metric_value", Sample(s => s.MetricValue = "1 2")),
        ["thousands"] = ("metric_value", Sample(s => s.MetricValue = "1,000")),
        ["decimal comma"] = ("metric_value", Sample(s => s.MetricValue = "1,5")),
        ["hexadecimal"] = ("metric_value", Sample(s => s.MetricValue = "0x10")),
        ["open object"] = ("metric_value", Sample(s => s.MetricValue = "{\"value\": 1")),
        ["trailing comma"] = ("metric_value", Sample(s => s.MetricValue = "[1,]")),
        ["comment"] = ("metric_value", Sample(s => s.MetricValue = "1 /* one */")),
        ["single quotes"] = ("metric_value", Sample(s => s.MetricValue = "{'value': 1}")),
        ["too large a value"] = ("metric_value", Sample(s => s.MetricValue = $"\"{new string('v', KiB64 - 1)}\"")),
        ["too large a value of few characters"] = ("metric_value", Sample(s => s.MetricValue = $"\"{new string('€', KiB64 / 3)}\"")),
        ["before 1970"] = ("timestamp", Sample(s => s.Timestamp = new Timestamp { Seconds = -1 })),
        ["just before 1970"] = ("timestamp", Sample(s => s.Timestamp = new Timestamp { Seconds = -1, Nanos = 999_999_999 })),
        ["beyond all calendars"] = ("timestamp", Sample(s => s.Timestamp = new Timestamp { Seconds = long.MaxValue })),
        ["before all calendars"] = ("timestamp", Sample(s => s.Timestamp = new Timestamp { Seconds = long.MinValue })),
        ["the day after tomorrow"] = ("timestamp", Sample(s => s.Timestamp = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow().AddDays(2)))),
        ["negative nanoseconds"] = ("timestamp", Sample(s => s.Timestamp = new Timestamp { Seconds = 1, Nanos = -1 })),
        ["too many nanoseconds"] = ("timestamp", Sample(s => s.Timestamp = new Timestamp { Seconds = 1, Nanos = 1_000_000_000 })),
        ["too large metadata"] = ("metric_metadata", Sample(s => s.MetricMetadata = new string('m', KiB64 + 1))),
        ["metadata with U+0000"] = ("metric_metadata", Sample(s => s.MetricMetadata = "a\0b")),
    };

    public static TheoryData<string, string> Stored => new()
    {
        { "0", "0" }, { "-0", "-0" }, { "+5", "5" }, { ".5", "0.5" }, { "5.", "5" }, { "007", "7" }, { "1e308", "1e308" }, { "-1.5E-300", "-1.5E-300" },
        { "13.7", "13.7" }, { "9007199254740993", "9007199254740993" }, { "null", "null" }, { "true", "true" }, { "\"text\"", "\"text\"" }, { "[]", "[]" },
        { "{}", "{}" }, { "{\"value\": 13.7, \"unit\": \"ms\"}", "{\"value\": 13.7, \"unit\": \"ms\"}" }, { "\"\\u0000 ünïcode 😀\"", "\"\\u0000 ünïcode 😀\"" },
        { new string('[', 200) + new string(']', 200), new string('[', 200) + new string(']', 200) },
    };

    [Fact]
    public async Task Bad_samples_are_rejected_one_by_one_and_the_others_stored()
    {
        using var producer = await Producer.HelloAsync(shared.Service, "rejected");
        var batch = Producer.Batch(1);
        foreach (var (_, sample) in Bad.Values)
        {
            batch.Samples.Add(sample);
            batch.Samples.Add(Producer.Sample("rejected-good"));
        }

        var acknowledgement = await producer.StoreAsync(batch);

        Assert.Equal(Bad.Count, acknowledgement.Accepted);
        Assert.Equal(
            Bad.Select((b, i) => $"{b.Key}: {2 * i} {b.Value.Field}"),
            acknowledgement.Rejections.Select(r => $"{Bad.Keys.ElementAt(r.Index / 2)}: {r.Index} {r.Field}"));
        Assert.All(acknowledgement.Rejections, r => Assert.True(r.Entry == RejectedEntry.Sample && r.Reason.Length > 10));
        Assert.Equal((long)Bad.Count, shared.Service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE source_name = 'rejected-good'"));
        Assert.Equal(0L, shared.Service.Database.Scalar("SELECT count(*) FROM processing_metrics WHERE metric_type = 'rejected-type'"));
        Assert.Equal(1, (await producer.StoreAsync(Producer.Batch(2, Producer.Sample("rejected-good")))).Accepted);
    }

    [Fact]
    public async Task Batch_of_bad_samples_only_counts_as_stored()
    {
        using var producer = await Producer.HelloAsync(shared.Service, "all-bad");

        var acknowledgement = await producer.StoreAsync(Producer.Batch(1, Bad.Values.Select(b => b.Sample)));

        Assert.Equal((0, Bad.Count), (acknowledgement.Accepted, acknowledgement.Rejections.Count));
        Assert.True((await producer.StoreAsync(Producer.Batch(1))).Duplicate);
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public async Task Number_or_JSON_is_stored_as_JSON(string value, string stored)
    {
        var source = $"value {Stored.ToList().FindIndex(s => s.Data.Item1 == value)}";
        using var producer = await Producer.HelloAsync(shared.Service, source);

        Assert.Empty((await producer.StoreAsync(Producer.Batch(1, Producer.Sample(source, value: value)))).Rejections);

        Assert.Equal([stored], shared.Service.Database.Lines($"SELECT metric_value FROM processing_metrics WHERE source_name = '{source}'"));
        Assert.Equal([1L, "text"], shared.Service.Database.Rows($"SELECT json_valid(metric_value), typeof(metric_value) FROM processing_metrics WHERE source_name = '{source}'")[0]);
    }

    [Fact]
    public async Task Values_on_the_bounds_are_stored_as_they_are()
    {
        using var producer = await Producer.HelloAsync(shared.Service, "bounds");
        var soon = TimeProvider.System.GetUtcNow().AddDays(1).AddMinutes(-1);
        var type = "bounds-" + Emoji100[..(93 * 2)];
        MetricSample[] samples =
        [
            new() { SourceName = new string('s', 255), MetricType = new string('t', 100), MetricValue = "1", Timestamp = new Timestamp() },
            new() { SourceName = string.Concat(Enumerable.Repeat("😀", 255)), MetricType = type, MetricValue = "2", Timestamp = Timestamp.FromDateTimeOffset(soon) },
            new() { SourceName = "bounds", MetricType = type, MetricValue = $"\"{new string('v', KiB64 - 2)}\"", MetricMetadata = new string('m', KiB64) },
            new() { SourceName = "bounds", MetricType = type, MetricValue = $"\"{new string('€', (KiB64 - 3) / 3)}x\"", Timestamp = new Timestamp { Seconds = 1, Nanos = 123_456_999 } },
        ];

        var acknowledgement = await producer.StoreAsync(Producer.Batch(1, samples));

        Assert.Empty(acknowledgement.Rejections);
        var rows = shared.Service.Database.Rows(
            $"SELECT source_name, metric_type, metric_value, metric_metadata, timestamp FROM processing_metrics WHERE metric_type IN ('{type}', '{new string('t', 100)}') ORDER BY id");
        Assert.Equal(samples.Select(s => (s.SourceName, s.MetricType, s.MetricValue, s.MetricMetadata)), rows.Select(r => ((string)r[0]!, (string)r[1]!, (string)r[2]!, (string?)r[3] ?? "")));
        Assert.Equal("1970-01-01 00:00:00.000000", rows[0][4]);
        Assert.Equal("1970-01-01 00:00:01.123456", rows[3][4]);
        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$", (string)rows[2][4]!);
    }

    [Fact]
    public async Task Sample_without_a_time_has_the_time_it_was_received()
    {
        using var producer = await Producer.HelloAsync(shared.Service, "now");
        var before = shared.Service.Database.Scalar("SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now', '-1 seconds')");

        await producer.StoreAsync(Producer.Batch(1, Producer.Sample("now")));

        Assert.Equal([1L, null], shared.Service.Database.Rows(
            $"SELECT timestamp BETWEEN '{before}' AND strftime('%Y-%m-%d %H:%M:%f999', 'now', '+1 seconds'), metric_metadata FROM processing_metrics WHERE source_name = 'now'")[0]);
    }

    private static MetricSample Sample(Action<MetricSample> spoil)
    {
        var sample = new MetricSample { SourceName = "rejected-bad", MetricType = "rejected-type", MetricValue = "1" };
        spoil(sample);
        return sample;
    }
}
