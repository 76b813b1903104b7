using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Health;

/// <summary>A health report for people: every section with its status, what it says, its figures and what to do.</summary>
internal static class HealthReportView
{
    public static IRenderable Of(HealthReportResponse report)
    {
        var parts = new List<IRenderable>
        {
            new Paragraph()
                .Append("Health ", Styles.Header)
                .Append(Name(report.Overall), Styles.Of(report.Overall))
                .Append($"  {Words.Of(report.ReportTime)} UTC, report {report.Sequence}", Styles.Faint),
        };
        foreach (var section in report.Sections)
            parts.AddRange(Section(section));
        parts.Add(Text.Empty);
        return new Rows(parts);
    }

    private static IEnumerable<IRenderable> Section(HealthSection section)
    {
        yield return Text.Empty;
        yield return new Paragraph()
            .Append($"{Names.Of(section.Kind).Replace('-', ' ').ToUpperInvariant()} ", Styles.Header)
            .Append(Name(section.Status), Styles.Of(section.Status))
            .Append("  " + Safe.Text(section.Summary));
        foreach (var figures in FigureTables.Of(section.Figures))
            yield return figures;
        foreach (var finding in section.Findings)
            yield return Finding(finding);
    }

    private static IRenderable Finding(HealthFinding finding)
    {
        var subject = finding.Subject.Length > 0 ? $" [{finding.Subject}]" : string.Empty;
        var facts = new Facts().Add("  " + Name(finding.Severity), $"{finding.Id}{subject}: {finding.Evidence}", Styles.Of(finding.Severity));
        if (finding.Since is { } since)
            facts.Add("  since", $"{Words.Of(since)} UTC");
        return facts.Add("  remedy", finding.Remedy).Add("  command", finding.Command).Build();
    }

    private static string Name(HealthStatus status) => status.ToString().ToUpperInvariant();
}
