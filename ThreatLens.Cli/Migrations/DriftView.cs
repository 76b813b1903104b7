using Google.Protobuf.Collections;
using Spectre.Console;
using Spectre.Console.Rendering;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary>Drift and its repair, for people.</summary>
internal static class DriftView
{
    public static IRenderable Of(ValidateResponse response)
    {
        var parts = new List<IRenderable>
        {
            !response.Valid ? new Text("The schema is not what its migrations make.", Styles.Bad)
                : response.Findings.Any(finding => finding.Rule == "nothing-applied") ? new Text("The schema was not compared with anything.", Styles.Attention)
                : new Text("The schema is what its migrations make.", Styles.Good),
        };
        parts.AddRange(response.Findings.Select(finding => new Text(
            $"{finding.Rule} {Safe.Text(finding.Version)}: {Safe.Text(finding.Message)}", finding.Error ? Styles.Bad : Styles.Attention)));
        if (response.Differences.Count > 0)
            parts.Add(Table(response.Differences));
        return new Rows(parts);
    }

    public static IRenderable Of(RepairPlan plan)
    {
        if (plan.Statements.Count == 0 && plan.RealignedVersions.Count == 0)
            return new Rows(new Text("There is nothing to repair."), new Text($"Etag: {plan.Etag}"));

        var parts = new List<IRenderable>(plan.Statements.Select(statement => new Text(Safe.Text(statement.Sql))));
        if (plan.RealignedVersions.Count > 0)
            parts.Add(new Text($"Checksums to re-align: {Safe.Text(string.Join(", ", plan.RealignedVersions))}"));
        parts.Add(new Text($"Etag: {plan.Etag}"));
        return new Rows(parts);
    }

    public static IRenderable Of(RepairResult result)
    {
        if (result.Mended.Count == 0 && result.RealignedVersions.Count == 0)
            return new Text("There was nothing to repair.");

        var parts = new List<IRenderable> { new Text($"Mended {Words.Count(result.Mended.Count, "difference", "differences")}.", Styles.Good) };
        if (result.Mended.Count > 0)
            parts.Add(Table(result.Mended));
        if (result.RealignedVersions.Count > 0)
            parts.Add(new Text($"Checksums re-aligned: {Safe.Text(string.Join(", ", result.RealignedVersions))}"));
        if (result.BackupName.Length > 0)
            parts.Add(new Text($"Backup taken first: {Safe.Text(result.BackupName)}"));
        return new Rows(parts);
    }

    private static Table Table(RepeatedField<SchemaDifference> differences)
    {
        var table = Screen.NewTable("Severity", "Object", "What", "Remedy");
        table.Columns[0].NoWrap();
        foreach (var difference in differences)
            table.AddRow(
                new Text(Names.Of(difference.Severity), Of(difference.Severity)),
                new Text(Safe.Text($"{difference.ObjectType} {difference.ObjectName}")),
                new Text(Names.Of(difference.Kind)),
                new Text(OnOneLine(difference.RemedySql)));
        return table;
    }

    private static Style Of(SchemaDifferenceSeverity severity) => severity switch
    {
        SchemaDifferenceSeverity.Error => Styles.Bad,
        SchemaDifferenceSeverity.Warning => Styles.Attention,
        _ => Styles.Faint,
    };

    private static string OnOneLine(string sql) => Safe.Text(string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
}
