using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Maintenance;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Cli;

/// <summary>How a report is shown, whatever is in it.</summary>
public sealed class HealthReportViewTests
{
    private static readonly string LongSource = new('s', 255);

    [Theory]
    [InlineData(HealthStatus.Ok, 0)]
    [InlineData(HealthStatus.Unknown, 3)]
    [InlineData(HealthStatus.Warning, 3)]
    [InlineData(HealthStatus.Critical, 3)]
    public async Task Health_report_exit_code_says_whether_all_is_ok(HealthStatus overall, int code)
    {
        await using var service = await StartAsync(overall);

        var result = await CliProcess.RunAsync(service.Address, "health-report");

        Assert.Equal(code, result.Code);
        Assert.Contains($"Health {overall.ToString().ToUpperInvariant()}", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_report_shows_every_section_figure_and_finding_uncut_and_without_colours()
    {
        await using var service = await StartAsync(HealthStatus.Warning);

        var result = await CliProcess.RunAsync(service.Address, "health-report");

        Assert.DoesNotContain('\u001b', result.Output);
        Assert.DoesNotContain("…", result.Output, StringComparison.Ordinal);
        string[] expected =
        [
            "INGEST WARNING", "12.5 rows/s from 2 sources", "1.5 MiB", "(counted from 1970-01-01 00:00:00 to 1970-01-01 00:01:30)", "rows stored", "lines per second", "LOG SOURCES UNKNOWN",
            "ingest.silent", "nothing came", "look at it", "threatlens status",
        ];
        foreach (var text in expected)
            Assert.Contains(text, result.Output, StringComparison.Ordinal);

        // Each source is one line with its own figures, however long its name.
        Assert.Contains(result.Lines, line => line.Contains(LongSource, StringComparison.Ordinal) && line.Contains("1,234 rows", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.Contains("auth.log", StringComparison.Ordinal) && line.Contains("7 rows", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_report_watch_in_json_is_one_document_a_line_until_interrupted()
    {
        await using var service = await StartAsync(HealthStatus.Ok);
        using var cli = CliProcess.Start(service.Address, "health-report", "--watch", "--interval", "1s", "--output", "json");
        await Eventually.True(() => cli.Lines.Length >= 2, () => cli.Error);

        cli.Interrupt();

        Assert.Equal(0, await cli.EndAsync());
        var reports = cli.Lines.Select(HealthReportResponse.Parser.ParseJson).ToArray();
        Assert.Equal([1L, 2L], reports.Select(report => report.Sequence));
        Assert.Empty(cli.Error);
    }

    [Fact]
    public async Task Health_report_asks_for_the_sections_and_the_interval_it_was_given()
    {
        HealthReportRequest? asked = null;
        await using var service = await ScriptedMaintenance.StartAsync();
        service.OnHealthReport = (request, write, _) =>
        {
            asked = request;
            return write(Report(HealthStatus.Ok, 1));
        };

        await CliProcess.RunAsync(service.Address, "health-report", "--sections", "log_sources,INGEST", "--interval", "2m");

        Assert.Equal([HealthSectionKind.LogSources, HealthSectionKind.Ingest], asked!.Sections);
        Assert.Equal(TimeSpan.FromMinutes(2), asked.Interval.ToTimeSpan());
    }

    private static async Task<ScriptedMaintenance> StartAsync(HealthStatus overall)
    {
        var service = await ScriptedMaintenance.StartAsync();
        service.OnHealthReport = async (_, write, cancellationToken) =>
        {
            await write(Report(overall, 1));
            await write(Report(overall, 2));
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        return service;
    }

    private static HealthReportResponse Report(HealthStatus overall, long sequence) => new()
    {
        Overall = overall,
        Sequence = sequence,
        ReportTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        Sections =
        {
            new HealthSection
            {
                Kind = HealthSectionKind.Ingest,
                Status = HealthStatus.Warning,
                Summary = "12.5 rows/s from 2 sources",
                Figures =
                {
                    new HealthFigure { Name = "queued_bytes", Number = 1.5 * 1024 * 1024, Unit = "bytes" },
                    new HealthFigure { Name = "events", Number = 5, BeginTime = new Timestamp(), SampleTime = new Timestamp { Seconds = 90 } },
                    new HealthFigure { Name = "rows_stored", Subject = "auth.log", Number = 7, Unit = "rows" },
                    new HealthFigure { Name = "lines_per_second", Subject = "auth.log", Number = 3.25, Unit = "lines/s" },
                    new HealthFigure { Name = "rows_stored", Subject = LongSource, Number = 1234, Unit = "rows" },
                    new HealthFigure { Name = "lines_per_second", Subject = LongSource, Number = 0, Unit = "lines/s" },
                },
                Findings =
                {
                    new HealthFinding
                    {
                        Id = "ingest.silent",
                        Severity = HealthStatus.Warning,
                        Evidence = "nothing came",
                        Remedy = "look at it",
                        Command = "threatlens status",
                    },
                },
            },
            new HealthSection { Kind = HealthSectionKind.LogSources, Status = HealthStatus.Unknown, Summary = "not looked at" },
        },
    };
}
