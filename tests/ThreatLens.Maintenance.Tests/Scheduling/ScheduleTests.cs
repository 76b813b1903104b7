using System.Globalization;
using Microsoft.Extensions.Options;
using Quartz;
using ThreatLens.Maintenance.Scheduling;
using Xunit;
using SchedulingOptions = ThreatLens.Maintenance.Scheduling.SchedulingOptions;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>When schedules are due, and what no schedule may be.</summary>
public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Now = At("2026-11-24T12:00:00Z");

    [Fact]
    public void Due_in_a_time_zone_follows_its_clocks_through_their_changes()
    {
        var schedule = Daily("Europe/Berlin");

        // Forward: half past two does not come on March 29th, so it is due when the clocks have gone on; back: due once, not twice.
        Assert.Equal(
            [At("2026-03-28T01:30:00Z"), At("2026-03-29T01:00:00Z"), At("2026-03-30T00:30:00Z")], DueTimes(schedule, At("2026-03-28T00:00:00Z"), 3));
        Assert.Equal(
            [At("2026-10-24T00:30:00Z"), At("2026-10-25T00:30:00Z"), At("2026-10-26T01:30:00Z")], DueTimes(schedule, At("2026-10-24T00:00:00Z"), 3));
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/St_Johns")]
    public void DueUpTo_is_the_last_of_the_times_that_DueAfter_tells(string zone)
    {
        var schedule = Daily(zone);
        foreach (var due in DueTimes(schedule, At("2026-01-01T00:00:00Z"), 400))
        {
            Assert.Equal(due, schedule.DueUpTo(due));
            Assert.Equal(due, schedule.DueUpTo(due.AddMilliseconds(1)));
            Assert.Equal(due, schedule.DueUpTo(due.AddHours(1)));
            Assert.True(schedule.DueUpTo(due.AddTicks(-1)) < due);
        }
    }

    [Fact]
    public void Delay_is_within_jitter_and_half_the_time_to_the_next_run()
    {
        var random = new Random(5);
        foreach (var (cron, jitter, bound) in ((string, TimeSpan, TimeSpan)[])
            [("0 0 2 * * ?", TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)), ("0 * * * * ?", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30)), ("0 0 2 * * ?", TimeSpan.Zero, TimeSpan.Zero)])
        {
            var schedule = New(cron, "UTC", jitter);
            var due = schedule.DueAfter(Now)!.Value;
            var delays = Enumerable.Range(0, 1_000).Select(_ => schedule.Delay(due, random)).ToList();

            Assert.All(delays, d => Assert.InRange(d, TimeSpan.Zero, bound));
            // All of the range is used: no delay is as likely as any other.
            Assert.True(delays.Min() <= bound * 0.05 && delays.Max() >= bound * 0.95, $"{delays.Min()} to {delays.Max()}");
        }
    }

    [Fact]
    public void Defaults_are_sound_and_keep_the_rewrite_off()
    {
        Assert.Empty(ScheduleSet.Problems(new SchedulingOptions(), Now));
        var set = new ScheduleSet(Options.Create(new SchedulingOptions()), null!);
        Assert.Equal(["backup", "cleanup", "integrity-check", "integrity-check-full", "optimize", "restore-drill", "vacuum"], set.All.Select(s => s.Name).Order());
        Assert.Equal(["vacuum"], set.All.Where(s => !s.IsEnabled).Select(s => s.Name));
        Assert.Equal(At("2026-11-25T02:00:00Z"), set.Get("backup").NextRun(Now));
        Assert.Null(set.Get("vacuum").NextRun(Now));
        Assert.All(new ScheduleSet(Options.Create(new SchedulingOptions { Enabled = false }), null!).All, s => Assert.False(s.IsEnabled));
    }

    [Fact]
    public void NextRun_waits_for_the_window()
    {
        var options = new SchedulingOptions { TimeZone = "Europe/Berlin" };
        (options.Vacuum.Enabled, options.Vacuum.Cron, options.Vacuum.Window) = (true, "0 0 1 * * ?", "Sun 04:00-06:00");
        Assert.Empty(ScheduleSet.Problems(options, Now));

        Assert.Equal(At("2026-11-29T03:00:00Z"), new ScheduleSet(Options.Create(options), null!).Get("vacuum").NextRun(Now));
    }

    [Theory]
    [InlineData("Cleanup:Cron", "every day")]
    [InlineData("Cleanup:Cron", "")]
    [InlineData("Cleanup:Cron", "0 3 * * *")]
    [InlineData("Cleanup:Cron", "0 0 3 30 2 ?")]
    [InlineData("Cleanup:Cron", "0 0 3 * * ? 2020")]
    [InlineData("Cleanup:Cron", "0 61 3 * * ?")]
    [InlineData("Cleanup:TimeZone", "Mars/Olympus")]
    [InlineData("Cleanup:TimeZone", "")]
    [InlineData("Cleanup:Window", "whenever")]
    [InlineData("Cleanup:Jitter", "-00:00:01")]
    [InlineData("Cleanup:Jitter", "13:00:00")]
    [InlineData("TimeZone", "Nowhere")]
    [InlineData("RetryFor", "2.00:00:00")]
    [InlineData("RetryFor", "-00:01:00")]
    [InlineData("Vacuum:Window", "")]
    public void Setting_that_cannot_be_meant_is_named(string setting, string value)
    {
        var options = new SchedulingOptions();
        options.Vacuum.Enabled = setting.StartsWith("Vacuum", StringComparison.Ordinal);
        switch (setting)
        {
            case "Cleanup:Cron": options.Cleanup.Cron = value; break;
            case "Cleanup:TimeZone": options.Cleanup.TimeZone = value; break;
            case "Cleanup:Window": options.Cleanup.Window = value; break;
            case "Cleanup:Jitter": options.Cleanup.Jitter = TimeSpan.Parse(value, CultureInfo.InvariantCulture); break;
            case "TimeZone": options.TimeZone = value; break;
            case "RetryFor": options.RetryFor = TimeSpan.Parse(value, CultureInfo.InvariantCulture); break;
            default: options.Vacuum.Window = value; break;
        }

        var problems = ScheduleSet.Problems(options, Now).ToList();

        Assert.NotEmpty(problems);
        Assert.All(problems, p => Assert.StartsWith($"Maintenance:Scheduling:{setting} is ", p, StringComparison.Ordinal));
    }

    private static List<DateTimeOffset> DueTimes(Schedule schedule, DateTimeOffset from, int count)
    {
        var times = new List<DateTimeOffset>();
        for (var at = schedule.DueAfter(from); times.Count < count; at = schedule.DueAfter(at!.Value))
            times.Add(at!.Value);
        return times;
    }

    private static Schedule Daily(string zone) => New("0 30 2 * * ?", zone, TimeSpan.Zero);

    private static Schedule New(string cron, string zone, TimeSpan jitter) => new()
    {
        Name = "s",
        Description = "",
        IsEnabled = true,
        Cron = new CronExpression(cron, TimeZoneInfo.FindSystemTimeZoneById(zone)),
        Jitter = jitter,
        Run = (_, _) => throw new NotSupportedException(),
    };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
