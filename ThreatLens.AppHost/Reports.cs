using System.Globalization;
using System.Text;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.AppHost;

/// <summary>Answers of the service as Markdown for people.</summary>
internal static class Reports
{
    /// <summary>The schema: where it stands, and a row per migration.</summary>
    public static string Of(StatusResponse status)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"**{(status.UpToDate ? "Up to date" : "Not up to date")}** at {Named(status.CurrentVersion)}, latest {Named(status.LatestVersion)}");
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{status.DatabaseSystem} `{status.DatabaseName}`{(status.DatabaseExists ? "" : " (does not exist yet)")}; metrics {(status.CanTakeMetrics ? "can" : "cannot")} be taken");
        text.AppendLine();
        if (status.RunningOperation is { } running)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Running: {running.Kind} `{running.Id}`");
            text.AppendLine();
        }

        text.AppendLine("| Version | State | Applied (UTC) | Description |");
        text.AppendLine("| --- | --- | --- | --- |");
        foreach (var migration in status.Migrations)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {migration.Version} | {migration.State} | {At(migration.ApplyTime)} | {migration.Description} |");
        }

        return text.ToString();
    }

    /// <summary>A plan: a table per migration, then what it needs and what speaks against it.</summary>
    public static string Of(MigrationPlan plan)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"From {Named(plan.FromVersion)} to {Named(plan.ToVersion)}");
        foreach (var step in plan.Steps)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"### {step.Version}{(step.Adopted ? " (adopted)" : "")}");
            text.AppendLine("| Line | Rows | Statement |");
            text.AppendLine("| --- | --- | --- |");
            foreach (var statement in step.Statements)
            {
                var rows = statement.Skipped ? "left out" : statement.HasRows ? statement.Rows.ToString(CultureInfo.InvariantCulture) : "?";
                var sql = string.Join(' ', statement.Sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("|", "\\|", StringComparison.Ordinal);
                text.AppendLine(CultureInfo.InvariantCulture, $"| {(statement.Line > 0 ? statement.Line : "")} | {rows} | `{sql}` |");
            }
        }

        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"Backup first: {plan.BackupBytes} bytes; free space needed {plan.RequiredFreeBytes}, there {plan.AvailableFreeBytes} bytes; values lost {plan.ValuesLost}");
        foreach (var finding in plan.Findings)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"- **{(finding.Error ? "Refused" : "Note")}** {finding.Script}, statement {finding.Statement} (line {finding.Line}): {finding.Rule}: {finding.Message}");
        }

        return text.ToString();
    }

    /// <summary>Schedules, a row each.</summary>
    public static string Of(ListSchedulesResponse schedules)
    {
        var text = new StringBuilder();
        text.AppendLine("| Schedule | Cron | Next (UTC) | Last (UTC) | Outcome | Missed |");
        text.AppendLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var schedule in schedules.Schedules)
        {
            var next = !schedule.Enabled ? "off" : schedule.NextTime is null && schedule.Paused ? "paused" : At(schedule.NextTime);
            var outcome = schedule.LastOutcome == ScheduleOutcome.Unspecified ? "" : $"{schedule.LastOutcome} {schedule.LastDetail}".TrimEnd().Replace("|", "\\|", StringComparison.Ordinal);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {schedule.Name} | {schedule.Cron} {schedule.TimeZone} | {next} | {At(schedule.LastTime)} | {outcome} | {schedule.MissedRuns} |");
        }

        return text.ToString();
    }

    /// <summary>A health report: a heading per section, its sentence, its figures, its findings.</summary>
    public static string Of(HealthReportResponse report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"**{report.Overall}** at {At(report.ReportTime)} UTC");
        foreach (var section in report.Sections)
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"### {section.Kind}: {section.Status}");
            text.AppendLine(section.Summary);
            if (section.Figures.Count > 0)
            {
                text.AppendLine();
                text.AppendLine("| Figure | Of | Value |");
                text.AppendLine("| --- | --- | --- |");
            }

            foreach (var figure in section.Figures)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {figure.Name} | {figure.Subject} | {Value(figure)} |");
            }

            foreach (var finding in section.Findings)
            {
                var command = finding.Command.Length > 0 ? $" (`{finding.Command}`)" : "";
                text.AppendLine();
                text.AppendLine(CultureInfo.InvariantCulture, $"- **{finding.Severity}** {finding.Evidence} {finding.Remedy}{command}");
            }
        }

        return text.ToString();
    }

    private static string Value(HealthFigure figure) => figure.ValueCase switch
    {
        HealthFigure.ValueOneofCase.Number => string.Create(CultureInfo.InvariantCulture, $"{figure.Number:0.###} {figure.Unit}").TrimEnd(),
        HealthFigure.ValueOneofCase.Text => figure.Text,
        HealthFigure.ValueOneofCase.Time => At(figure.Time),
        HealthFigure.ValueOneofCase.Duration => figure.Duration.ToTimeSpan().ToString("c", CultureInfo.InvariantCulture),
        HealthFigure.ValueOneofCase.Flag => figure.Flag ? "yes" : "no",
        _ => "unknown",
    };

    private static string Named(string version) => version.Length > 0 ? $"`{version}`" : "no version";

    private static string At(Timestamp? time) => time?.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";
}
