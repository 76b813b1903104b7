using System.Globalization;
using CsCheck;
using ThreatLens.Maintenance.Scheduling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>Windows of the week, also where clocks are changed. 2026-11-23 is a Monday; Berlin's clocks go forward on 2026-03-29 and back on 2026-10-25.</summary>
public sealed class MaintenanceWindowTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("Sat,Sun 01:00-05:00", "2026-11-28T01:00:00Z", true)]
    [InlineData("Sat,Sun 01:00-05:00", "2026-11-28T05:00:00Z", false)]
    [InlineData("Sat,Sun 01:00-05:00", "2026-11-27T02:00:00Z", false)]
    [InlineData("mon-fri 23:00-02:00", "2026-11-28T01:59:59Z", true)]
    [InlineData("Mon-Fri 23:00-02:00", "2026-11-29T01:00:00Z", false)]
    [InlineData("Mon-Fri 23:00-02:00", "2026-11-23T01:00:00Z", false)]
    [InlineData("Sat-Mon 10:00-11:00", "2026-11-29T10:30:00Z", true)]
    [InlineData("00:00-24:00", "2026-11-25T23:59:59.999Z", true)]
    [InlineData("Tue 22:00-24:00", "2026-11-25T00:00:00Z", false)]
    [InlineData("01:00-02:00; Wed 12:00-13:00", "2026-11-25T12:30:00Z", true)]
    public void Contains_goes_by_day_and_time(string text, string moment, bool isWithin) =>
        Assert.Equal(isWithin, MaintenanceWindow.Parse(text, TimeZoneInfo.Utc).Contains(At(moment)));

    [Theory]
    [InlineData("Sun 04:00-06:00", "2026-11-24T12:00:00Z", "2026-11-29T04:00:00Z", null)]
    [InlineData("Sun 04:00-06:00", "2026-11-29T05:00:00Z", "2026-11-29T05:00:00Z", "2026-11-29T06:00:00Z")]
    [InlineData("Sun 04:00-06:00", "2026-11-29T06:00:00Z", "2026-12-06T04:00:00Z", null)]
    [InlineData("01:00-03:00; 03:00-04:00", "2026-11-29T02:00:00Z", "2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z")]
    [InlineData("00:00-24:00", "2026-11-29T02:00:00Z", "2026-11-29T02:00:00Z", null)]
    public void OpenFrom_and_CloseAfter_find_the_edges(string text, string moment, string opens, string? closes)
    {
        var window = MaintenanceWindow.Parse(text, TimeZoneInfo.Utc);

        Assert.Equal(At(opens), window.OpenFrom(At(moment)));
        Assert.Equal(closes is null ? null : At(closes), window.CloseAfter(At(moment)));
    }

    [Fact]
    public void Window_in_a_time_zone_follows_its_clocks_through_their_changes()
    {
        var window = MaintenanceWindow.Parse("02:15-02:45", Berlin);

        Assert.Equal(At("2026-03-28T01:15:00Z"), window.OpenFrom(At("2026-03-28T00:00:00Z")));
        // On the 29th no clock shows a quarter past two.
        Assert.Equal(At("2026-03-30T00:15:00Z"), window.OpenFrom(At("2026-03-29T00:00:00Z")));
        // On October 25th they show it twice.
        Assert.Equal(At("2026-10-25T00:15:00Z"), window.OpenFrom(At("2026-10-25T00:00:00Z")));
        Assert.Equal(At("2026-10-25T00:45:00Z"), window.CloseAfter(At("2026-10-25T00:30:00Z")));
        Assert.Equal(At("2026-10-25T01:15:00Z"), window.OpenFrom(At("2026-10-25T00:45:00Z")));
        // Open across the skipped hour: an hour less.
        Assert.Equal(At("2026-03-29T01:30:00Z"), MaintenanceWindow.Parse("01:00-03:30", Berlin).CloseAfter(At("2026-03-29T00:30:00Z")));
    }

    [Fact]
    public void Edges_are_where_Contains_changes_for_any_window_and_moment()
    {
        var minute = Gen.Int[0, 1439];
        var start = At("2026-03-20T00:00:00Z");
        Gen.Select(minute, minute, Gen.Int[0, 6], Gen.Int[0, 40 * 1440]).Where((from, to, _, _) => from != to).Sample((from, to, day, offset) =>
        {
            var window = MaintenanceWindow.Parse($"{(DayOfWeek)day:G}"[..3] + $" {from / 60:00}:{from % 60:00}-{to / 60:00}:{to % 60:00}", Berlin);
            var moment = start.AddMinutes(offset);
            var opens = window.OpenFrom(moment);
            Assert.NotNull(opens);
            Assert.True(window.Contains(opens.Value));
            Assert.True(opens == moment || !window.Contains(opens.Value.AddSeconds(-1)));
            var closes = window.CloseAfter(opens.Value);
            Assert.NotNull(closes);
            Assert.False(window.Contains(closes.Value));
            Assert.True(window.Contains(closes.Value.AddSeconds(-1)));
        }, iter: 2_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData(";")]
    [InlineData("Sun")]
    [InlineData("Sun 04:00")]
    [InlineData("Sunday 04:00-05:00")]
    [InlineData("Sun 4-5")]
    [InlineData("Sun 04:00-04:00")]
    [InlineData("Sun 24:00-02:00")]
    [InlineData("Sun 25:00-26:00")]
    [InlineData("Mon-Tue-Wed 01:00-02:00")]
    [InlineData("Sun 01:00-02:00 UTC")]
    public void Parse_of_what_is_no_window_says_so(string text) =>
        Assert.Contains("is no window", Assert.Throws<FormatException>(() => MaintenanceWindow.Parse(text, TimeZoneInfo.Utc)).Message, StringComparison.Ordinal);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
