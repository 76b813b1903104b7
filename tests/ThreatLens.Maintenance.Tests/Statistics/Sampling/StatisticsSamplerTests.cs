using Microsoft.Extensions.Logging.Abstractions;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Maintenance.Statistics.Notifications;
using ThreatLens.Maintenance.Statistics.Processing;
using ThreatLens.Maintenance.Statistics.Sampling;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Statistics.Sampling;

public sealed class StatisticsSamplerTests : StatisticsTestBase
{
    private readonly StatisticsSamples _samples = new();

    [Fact]
    public void Sample_keeps_what_the_readers_say_and_when()
    {
        Generate();

        Assert.True(Sampler().Sample(CancellationToken.None));

        var processing = _samples.Processing!;
        Assert.Equal(File.Scalar("SELECT count(*) FROM events"), processing.Totals.Events);
        Assert.Equal((Noon - TimeSpan.FromHours(24), Noon), (processing.Window.From, processing.Window.To));
        Assert.Equal((OriginKind.Sampled, Noon), (processing.Totals.Origin.Kind, processing.Totals.Origin.At));
        Assert.Equal(File.Scalar("SELECT count(*) FROM notification_history"), _samples.Notifications!.All.Total.All);
        Assert.Equal(OriginKind.Sampled, _samples.Notifications.Window.Origin.Kind);
        Assert.Equal(File.Scalar("SELECT count(*) FROM events"), _samples.Size!.Size.Objects.Single(o => o.Name == "events").Rows);
    }

    [Fact]
    public void Sample_of_a_table_that_is_gone_is_none()
    {
        Generate();
        var sampler = Sampler();
        sampler.Sample(CancellationToken.None);
        File.Execute("DROP TABLE notification_history");

        sampler.Sample(CancellationToken.None);

        Assert.Null(_samples.Notifications);
        Assert.NotNull(_samples.Processing);
    }

    [Fact]
    public void Sample_that_cannot_be_taken_leaves_the_last_one_with_its_age()
    {
        Generate();
        var sampler = Sampler();
        sampler.Sample(CancellationToken.None);
        Time.Advance(TimeSpan.FromMinutes(1));
        System.IO.File.Delete(File.Path + "-wal");
        System.IO.File.Delete(File.Path + "-shm");
        System.IO.File.WriteAllText(File.Path, "This is no database, and never was one.");

        sampler.Sample(CancellationToken.None);

        Assert.Equal(Noon, _samples.Processing!.Totals.Origin.At);
    }

    [Fact]
    public void Sample_without_a_file_creates_none()
    {
        Assert.False(Sampler().Sample(CancellationToken.None));
        Assert.Empty(Folder.Names);
    }

    [Fact]
    public void Sample_interrupted_ends()
    {
        Generate();

        Assert.Throws<OperationCanceledException>(() => Sampler().Sample(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Read_of_others_writing_meanwhile_tells_that_it_is_of_no_one_moment()
    {
        Engine().Migrate(new MigrateCommand());

        var origin = PacedReading.Read(Database, Time, "reading", reading =>
        {
            reading.BetweenPieces();
            File.Execute("INSERT INTO raw_logs(id, content, source) VALUES ('r', 'c', 's')");
            Assert.True(reading.Origin.IsOfOneMoment);
            Time.Advance(PacedReading.LongestSnapshot);
            reading.BetweenPieces();
            return reading.Origin;
        }, CancellationToken.None);

        Assert.False(origin.IsOfOneMoment);
        Assert.Equal(PacedReading.LongestSnapshot, origin.At - origin.Since);
    }

    [Theory]
    [InlineData(0.1, 30)]
    [InlineData(6, 294)]
    public void PauseAfter_keeps_the_load_within_what_is_allowed(double cost, double pause) =>
        Assert.Equal(TimeSpan.FromSeconds(pause), StatisticsSampler.PauseAfter(TimeSpan.FromSeconds(cost), TimeSpan.FromSeconds(30), 0.02));

    private StatisticsSampler Sampler() => new(
        Database, new ProcessingReader(Database, Time), new NotificationReader(Database, Time), new DatabaseSizeReader(Database, Time), _samples,
        Microsoft.Extensions.Options.Options.Create(new StatisticsOptions()), Time, NullLogger<StatisticsSampler>.Instance);
}
