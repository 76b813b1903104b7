using System.Globalization;
using CsCheck;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

public sealed class MetricTimeTests
{
    [Theory]
    [InlineData("2026-09-01 12:02:44.171464", "2026-09-01T12:02:44.171464Z")]
    [InlineData("2026-09-01 14:15:42", "2026-09-01T14:15:42Z")]
    [InlineData("2026-09-01T19:56:06.589413", "2026-09-01T19:56:06.589413Z")]
    [InlineData("2026-09-01T19:56:06Z", "2026-09-01T19:56:06Z")]
    [InlineData("2026-09-01T19:56:06.5Z", "2026-09-01T19:56:06.5Z")]
    [InlineData("2026-09-01 19:56:06.1234567", "2026-09-01T19:56:06.123456Z")]
    [InlineData("2024-02-29 00:00:00", "2024-02-29T00:00:00Z")]
    [InlineData("1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999999Z")]
    [InlineData("0001-01-01 00:00:00", "0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999Z")]
    public void Read_every_shape_in_the_field_is_its_moment_in_utc(string text, string expected)
    {
        var at = MetricTime.Read(text);

        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), MetricTime.ToMoment(at!.Value));
        Assert.Equal(at, MetricTime.Of(MetricTime.ToMoment(at.Value)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-09-01")]
    [InlineData("2026-09-01 14:15")]
    [InlineData("2026-09-01 14:15:42.")]
    [InlineData("2026-09-01 14:15:42.12345678")]
    [InlineData("2026-09-01 14:15:42+02:00")]
    [InlineData("2026-09-01t14:15:42")]
    [InlineData("2026-09-01 14:15:42 ")]
    [InlineData(" 2026-09-01 14:15:42")]
    [InlineData("2026-02-30 14:15:42")]
    [InlineData("2026-13-01 14:15:42")]
    [InlineData("0000-01-01 14:15:42")]
    [InlineData("2026-09-01 24:00:00")]
    [InlineData("2026-09-01 23:59:60")]
    [InlineData("２０２６-09-01 14:15:42")]
    [InlineData("-026-09-01 14:15:42")]
    [InlineData("1756728000")]
    [InlineData("yesterday, or the day before")]
    public void Read_anything_else_is_no_time(string text) => Assert.Null(MetricTime.Read(text));

    [Fact]
    public void Read_agrees_with_the_other_reader_of_timestamps() => Gen.Select(Gen.DateTimeOffset, Gen.OneOf(new[] { "yyyy-MM-dd HH:mm:ss.ffffff", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.fffffffZ" }.Select(Gen.Const).ToArray())).Sample((moment, shape) =>
    {
        var text = moment.UtcDateTime.ToString(shape, CultureInfo.InvariantCulture);
        Assert.True(SqliteTimestamp.TryParse(text, out var expected));
        Assert.Equal(MetricTime.Of(expected), MetricTime.Read(text));
    });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(59_999_999, 0)]
    [InlineData(60_000_000, 1)]
    [InlineData(-1, -1)]
    [InlineData(-60_000_000, -1)]
    [InlineData(-60_000_001, -2)]
    public void MinuteOf_is_rounded_down_before_1970_too(long microseconds, long minute) => Assert.Equal(minute, MetricTime.MinuteOf(microseconds));
}
