using ThreatLens.Maintenance.Databases.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

public sealed class SqliteTimestampTests
{
    [Fact]
    public void Format_offset_time_writes_utc_with_six_digits()
    {
        var time = new DateTimeOffset(2026, 9, 1, 14, 2, 44, TimeSpan.FromHours(2)).AddTicks(1_714_649);

        Assert.Equal("2026-09-01 12:02:44.171464", SqliteTimestamp.Format(time));
        Assert.Equal("2026-09-01 12:02:44.000000", SqliteTimestamp.Format(time.AddTicks(-1_714_649)));
    }

    [Theory]
    [InlineData("2026-09-01 12:02:44.171464", 1_714_640)]
    [InlineData("2026-09-01 12:02:44", 0)]
    [InlineData("2026-09-01T12:02:44.171464", 1_714_640)]
    [InlineData("2026-09-01T12:02:44", 0)]
    [InlineData("2026-09-01 12:02:44.1", 1_000_000)]
    [InlineData("2026-09-01 12:02:44.17", 1_700_000)]
    [InlineData("2026-09-01 12:02:44.171", 1_710_000)]
    [InlineData("2026-09-01 12:02:44.1714", 1_714_000)]
    [InlineData("2026-09-01 12:02:44.17146", 1_714_600)]
    [InlineData("2026-09-01 12:02:44.1714649", 1_714_649)]
    [InlineData("2026-09-01T12:02:44.171464Z", 1_714_640)]
    [InlineData("2026-09-01T14:02:44+02:00", 0)]
    [InlineData("2026-09-01 11:32:44.5-00:30", 5_000_000)]
    public void TryParse_legacy_shape_reads_utc(string text, long ticks)
    {
        Assert.True(SqliteTimestamp.TryParse(text, out var time));

        Assert.Equal(new DateTimeOffset(2026, 9, 1, 12, 2, 44, TimeSpan.Zero).AddTicks(ticks), time);
        Assert.Equal(TimeSpan.Zero, time.Offset);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("n/a")]
    [InlineData("0.480")]
    [InlineData("2026-09-01")]
    [InlineData("2026-13-01 00:00:00")]
    [InlineData("2026-09-01 25:00:00")]
    [InlineData("2026-09-01 12:02:44.12345678")]
    [InlineData("2026-09-01 12:02:44 junk")]
    public void TryParse_junk_is_not_a_timestamp(string? text) => Assert.False(SqliteTimestamp.TryParse(text, out _));
}
