using System.Text;
using System.Text.RegularExpressions;
using ThreatLens.Ingest.Sample.Demo;
using ThreatLens.Ingest.Sample.Parsing;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed partial class DemoLogsTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 3, 5, 6, 7, TimeSpan.Zero);

    [Theory]
    [InlineData(DemoLogs.Sshd, LogFormat.Syslog)]
    [InlineData(DemoLogs.Access, LogFormat.Access)]
    [InlineData(DemoLogs.Application, LogFormat.Application)]
    public void Line_none_damaged_all_are_recognised(string file, object format)
    {
        Assert.All(Lines(file, 0), line => Assert.Equal(format, LogFormats.Recognise(Encoding.UTF8.GetBytes(line))));
    }

    [Fact]
    public void Line_all_damaged_none_is_recognised()
    {
        foreach (var file in DemoLogs.FileNames)
            Assert.All(Lines(file, 1), line => Assert.Equal(LogFormat.None, LogFormats.Recognise(Encoding.UTF8.GetBytes(line))));
    }

    [Fact]
    public void Line_two_percent_damaged_is_about_two_percent()
    {
        var damaged = Lines(DemoLogs.Access, 0.02).Count(line => LogFormats.Recognise(Encoding.UTF8.GetBytes(line)) == LogFormat.None);

        Assert.InRange(damaged, 5, 50);
    }

    [Fact]
    public void Line_same_seed_and_time_is_the_same() => Assert.Equal(Lines(DemoLogs.Sshd, 0.1), Lines(DemoLogs.Sshd, 0.1));

    [Fact]
    public void Line_addresses_are_those_of_documentation()
    {
        var addresses = DemoLogs.FileNames.SelectMany(file => Lines(file, 0)).SelectMany(line => Address().Matches(line)).Select(match => match.Value).ToList();

        Assert.NotEmpty(addresses);
        Assert.All(addresses, address => Assert.Matches(@"^(192\.0\.2|198\.51\.100|203\.0\.113)\.", address));
    }

    [Fact]
    public void Append_file_is_full_keeps_one_old_one()
    {
        using var folder = new TemporaryFolder();
        var file = new DemoLogFile(folder.File("demo.log"), 100);
        for (var n = 0; n < 20; n++)
            file.Append([new string('x', 49)]);

        Assert.Equal(["demo.log", "demo.log.1"], folder.Names);
        Assert.All(folder.Names, name => Assert.InRange(new FileInfo(folder.File(name)).Length, 1, 100));
    }

    private static List<string> Lines(string file, double damaged)
    {
        var logs = new DemoLogs(new Random(7), damaged);
        return [.. Enumerable.Range(0, 1000).Select(_ => logs.Line(file, At))];
    }

    [GeneratedRegex(@"\b\d+\.\d+\.\d+\.\d+\b")]
    private static partial Regex Address();
}
