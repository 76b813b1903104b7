using Microsoft.Extensions.DependencyInjection;
using ThreatLens.Maintenance.Alerting;
using ThreatLens.Maintenance.Health;
using ThreatLens.Maintenance.Statistics.History;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>How long there is room: the report and the gauge say the same, and alarm nobody by what says nothing.</summary>
public sealed class ForecastTests : HealthTestBase
{
    [Fact]
    public async Task Report_and_gauge_tell_the_same_days_and_only_after_six_hours()
    {
        await MakeHealthyAsync();
        Load(hours: 5);
        // As fast as that the disk is full in no time.
        Assert.Empty(Findings());
        Assert.IsType<double>(Days());
        Assert.DoesNotContain(Gauges(), f => f.Instrument == AlertInstruments.DaysUntilFull);

        Load(hours: 7);

        Assert.Equal(["storage.full_soon"], Findings());
        // Others write to the disk, too.
        Assert.Equal((double)Days()!, Gauges().Single(f => f.Instrument == AlertInstruments.DaysUntilFull).Value, (double)Days()! / 2);
    }

    [Fact]
    public async Task Report_growth_of_samples_that_ended_long_ago_is_unknown()
    {
        await MakeHealthyAsync();
        Load(hours: 5);
        Assert.Equal(HealthStatus.Ok, Section(Report(), HealthSectionKind.Storage).Status);
        Time.Advance(TimeSpan.FromMinutes(21));

        Assert.Equal(HealthStatus.Unknown, Section(Report(), HealthSectionKind.Storage).Status);
    }

    private object? Days() => Value(Report(), HealthSectionKind.Storage, "days_until_full");

    private List<AlertFigure> Gauges() => [.. Host.Services.GetServices<IAlertFigureSource>().OfType<StorageFigures>().Single().Read(Time.GetUtcNow())];

    /// <summary>A sample every five minutes up to now, each a terabyte larger than the one before.</summary>
    private void Load(int hours) => Get<HealthHistory>().Load(
    [
        .. Enumerable.Range(0, (hours * 12) + 1).Select(i => new HealthSample
        {
            At = Time.GetUtcNow().AddMinutes(5 * (i - (hours * 12))),
            DatabaseBytes = (i + 1L) << 40,
            FreeBytes = 0,
            WalBytes = 0,
            Verdict = new HealthVerdict("Ok", new Dictionary<string, string>(), []),
        }),
    ]);
}
