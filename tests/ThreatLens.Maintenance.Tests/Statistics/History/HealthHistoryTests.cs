using Microsoft.Extensions.Time.Testing;
using ThreatLens.Maintenance.Statistics.History;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.History;

public sealed class HealthHistoryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Noon);
    private readonly HistoryOptions _options = new();

    [Fact]
    public void Growth_of_a_straight_line_is_exact()
    {
        var history = Loaded(Enumerable.Range(0, 289).Select(i => Sample(Noon.AddMinutes((i - 288) * 5), 1_000_000 + (i * 1000))));

        var growth = history.Growth!;

        Assert.Equal(288_000, growth.BytesPerDay, 1e-3);
        Assert.Equal(0, growth.ErrorBytesPerDay, 1e-3);
        Assert.Equal((TimeSpan.FromDays(1), 289, Noon), (growth.Span, growth.Samples, growth.At));
        Assert.Equal(10, growth.DaysUntilFull(2_880_000)!.Value, 1e-6);
        Assert.Equal(0, growth.DaysUntilFull(-5));
    }

    [Fact]
    public void Growth_of_scattered_samples_is_within_the_stated_error()
    {
        var random = new Random(7);
        var history = Loaded(Enumerable.Range(0, 500).Select(i => Sample(Noon.AddMinutes((i - 499) * 5), 50_000_000 + (i * 2000) + random.Next(-100_000, 100_000))));

        var growth = history.Growth!;

        Assert.InRange(growth.BytesPerDay, 576_000 - growth.ErrorBytesPerDay, 576_000 + growth.ErrorBytesPerDay);
        Assert.InRange(growth.ErrorBytesPerDay, 1, 100_000);
    }

    [Fact]
    public void Growth_counts_what_is_held_and_not_free_pages()
    {
        var history = Loaded(Enumerable.Range(0, 100).Select(i => Sample(Noon.AddMinutes((i - 99) * 5), 1_000_000, freeBytes: 500_000 - (i * 1000))));

        Assert.Equal(288_000, history.Growth!.BytesPerDay, 1e-3);
    }

    [Fact]
    public void Growth_of_what_shrinks_has_no_day_when_it_is_full()
    {
        var history = Loaded(Enumerable.Range(0, 100).Select(i => Sample(Noon.AddMinutes((i - 99) * 5), 1_000_000 - (i * 1000))));

        Assert.True(history.Growth!.BytesPerDay < 0);
        Assert.Null(history.Growth.DaysUntilFull(1_000));
    }

    [Theory]
    [InlineData(350, 0, false)]
    [InlineData(370, 0, true)]
    [InlineData(370, 2000, false)]
    public void RoomForecast_tells_only_what_was_seen_for_six_hours_and_lies_on_a_line(int minutes, int scatter, bool isTelling)
    {
        var random = new Random(7);
        var growth = Loaded(Enumerable.Range(0, minutes + 1).Select(i => Sample(Noon.AddMinutes(i - minutes), 10_000_000 + i + random.Next(-scatter, scatter + 1)))).Growth;

        var forecast = RoomForecast.Of(growth, 10_000, 500, 2_000, budgetBytes: 11_000)!;

        Assert.Equal(isTelling, forecast.IsTelling);
        Assert.Equal(growth!.DaysUntilFull(1_000), forecast.Days);
        Assert.Equal(growth.DaysUntilFull(2_500), RoomForecast.Of(growth, 10_000, 500, 2_000, budgetBytes: 0)!.Days);
        Assert.Null(RoomForecast.Of(null, 10_000, 500, 2_000, 0));
    }

    [Theory]
    [InlineData(3, 60)]
    [InlineData(100, 0.1)]
    public void Growth_of_too_few_samples_or_too_short_a_time_is_unknown(int samples, double minutes) =>
        Assert.Null(Loaded(Enumerable.Range(0, samples).Select(i => Sample(Noon.AddMinutes((i - samples) * minutes), i))).Growth);

    [Fact]
    public void Growth_is_of_the_window_only()
    {
        _options.GrowthWindow = TimeSpan.FromHours(10);
        var history = Loaded([Sample(Noon.AddDays(-3), 900_000_000), .. Enumerable.Range(0, 120).Select(i => Sample(Noon.AddMinutes((i - 119) * 5), i * 1000))]);

        Assert.Equal(288_000, history.Growth!.BytesPerDay, 1e-3);
    }

    [Fact]
    public void SinceWhen_goes_back_to_where_it_began()
    {
        var history = Loaded(
            [Sample(Noon.AddHours(-4), 1, "Ok"), Sample(Noon.AddHours(-3), 1, "Warning"), Sample(Noon.AddHours(-2), 1, "Ok"), Sample(Noon.AddHours(-1), 1, "Warning", "storage.wal_large"), Sample(Noon, 1, "Warning", "storage.wal_large")]);

        Assert.Equal(new Since(Noon.AddHours(-1), false), history.SinceWhen(s => s.Verdict.Overall == "Warning"));
        Assert.Equal(new Since(Noon.AddHours(-1), false), history.SinceWhen(s => s.Verdict.Findings.Contains("storage.wal_large")));
        Assert.Null(history.SinceWhen(s => s.Verdict.Overall == "Ok"));
        Assert.Equal(new Since(Noon.AddHours(-4), true), history.SinceWhen(_ => true));
    }

    [Fact]
    public void Samples_of_a_time_to_come_do_not_count_until_it_has_come()
    {
        var history = Loaded([Sample(Noon.AddHours(-1), 1, "Ok"), Sample(Noon.AddHours(5), 1, "Critical")]);

        Assert.Equal([Noon.AddHours(-1)], history.Samples.Select(s => s.At));
        Assert.Null(history.SinceWhen(s => s.Verdict.Overall == "Critical"));
        _time.Advance(TimeSpan.FromHours(6));
        Assert.NotNull(history.SinceWhen(s => s.Verdict.Overall == "Critical"));
    }

    [Fact]
    public void Add_holds_no_more_than_is_configured_and_keeps_the_order_of_time()
    {
        _options.MaxSamples = 10;
        var history = Loaded([]);
        for (var i = 20; i > 0; i--)
            history.Add(Sample(Noon.AddMinutes(-i), i));
        history.Add(Sample(Noon.AddMinutes(-5.5), 0));

        Assert.Equal(10, history.Samples.Count);
        Assert.Equal(history.Samples.Select(s => s.At).Order(), history.Samples.Select(s => s.At));
        Assert.Equal(Noon.AddMinutes(-1), history.Samples[^1].At);
    }

    private HealthHistory Loaded(IEnumerable<HealthSample> samples)
    {
        var history = new HealthHistory(Microsoft.Extensions.Options.Options.Create(_options), _time);
        Assert.False(history.IsLoaded);
        history.Load([.. samples]);
        return history;
    }

    private static HealthSample Sample(DateTimeOffset at, long bytes, string overall = "Ok", string finding = "", long freeBytes = 0) => new()
    {
        At = at,
        DatabaseBytes = bytes,
        FreeBytes = freeBytes,
        WalBytes = 0,
        Verdict = new HealthVerdict(overall, new Dictionary<string, string>(), finding.Length == 0 ? [] : [finding]),
    };
}
