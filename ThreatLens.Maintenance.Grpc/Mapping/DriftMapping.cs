using ThreatLens.Maintenance.Migrations.Drift;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Drift and its repair from the domain to the contract.</summary>
internal static class DriftMapping
{
    public static Contract.ValidateResponse ToContract(this DriftReport report) => new()
    {
        Valid = report.IsValid,
        Differences = { report.Differences.Select(ToContract) },
        Findings =
        {
            report.Findings.Select(f => new Contract.LintFinding { Rule = f.Rule, Version = f.Version, Message = f.Message, Error = f.IsError }),
        },
    };

    public static Contract.RepairPlan ToContract(this RepairPlan plan) => new()
    {
        Differences = { plan.Differences.Select(ToContract) },
        Statements = { plan.Statements.Select(sql => new Contract.PlannedStatement { Sql = sql }) },
        RealignedVersions = { plan.RealignedVersions },
        Etag = plan.Etag,
        BackupBytes = plan.BackupBytes,
    };

    public static Contract.RepairResult ToContract(this RepairResult result) => new()
    {
        Mended = { result.Mended.Select(ToContract) },
        RealignedVersions = { result.RealignedVersions },
        BackupName = result.BackupName ?? "",
    };

    private static Contract.SchemaDifference ToContract(SchemaDifference difference) => new()
    {
        ObjectType = difference.ObjectType.ToString().ToLowerInvariant(),
        ObjectName = difference.ObjectName,
        Kind = difference.Kind switch
        {
            SchemaDifferenceKind.Missing => Contract.SchemaDifferenceKind.Missing,
            SchemaDifferenceKind.Unexpected => Contract.SchemaDifferenceKind.Unexpected,
            _ => Contract.SchemaDifferenceKind.Different,
        },
        Severity = difference.Severity switch
        {
            SchemaDifferenceSeverity.Info => Contract.SchemaDifferenceSeverity.Info,
            SchemaDifferenceSeverity.Warning => Contract.SchemaDifferenceSeverity.Warning,
            _ => Contract.SchemaDifferenceSeverity.Error,
        },
        Expected = difference.Expected,
        Actual = difference.Actual,
        RemedySql = string.Join('\n', difference.Remedy),
    };
}
