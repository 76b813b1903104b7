using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Linting;
using ThreatLens.Maintenance.Migrations.Planning;
using ThreatLens.Maintenance.Migrations.Rehearsal;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Plans of migrations from the domain to the contract.</summary>
internal static class PlanMapping
{
    public static Contract.MigrationPlan ToContract(this MigrationPlan plan) => new()
    {
        FromVersion = plan.From?.Id ?? "",
        ToVersion = plan.To?.Id ?? "",
        Steps = { plan.Steps.Select(ToContract) },
        Order = plan.Order == MigrationOrder.Allow ? Contract.MigrationOrder.Allow : Contract.MigrationOrder.Strict,
        BackupBytes = plan.BackupBytes,
        RequiredFreeBytes = plan.RequiredFreeBytes,
        AvailableFreeBytes = plan.AvailableFreeBytes,
        Findings = { plan.Findings.Select(ToContract) },
        ValuesLost = plan.ValuesLost,
        Losses = { plan.Losses.Select(l => new Contract.ValueLoss { Table = l.Table, Column = l.Column, Values = l.Values, Rows = l.Rows }) },
        MayLoseMore = plan.MayLoseMore,
        Hooks = { plan.Hooks.Select(h => new Contract.PlannedHook { Script = h.Script, Statements = { h.Statements.Select(ToContract) } }) },
        Rehearsal = plan.Rehearsal is null ? null : ToContract(plan.Rehearsal),
        Etag = plan.Etag,
    };

    private static Contract.MigrationStep ToContract(MigrationStep step) => new()
    {
        Version = step.Version.Id,
        Down = step.IsDown,
        Adopted = step.IsAdoption,
        Checksum = step.Checksum,
        Statements = { step.Statements.Select(ToContract) },
    };

    private static Contract.PlannedStatement ToContract(PlannedStatement statement)
    {
        var mapped = new Contract.PlannedStatement { Sql = statement.Sql, Line = statement.Line, Skipped = statement.IsSkipped, RebuildsTable = statement.RebuildsTable };
        if (statement.Rows is { } rows)
            mapped.Rows = rows;
        return mapped;
    }

    private static Contract.LintFinding ToContract(LintFinding finding) => new()
    {
        Rule = finding.Rule,
        Version = finding.Version,
        Script = finding.Script,
        Statement = finding.Statement,
        Line = finding.Line,
        Message = finding.Message,
        Error = finding.IsError,
    };

    private static Contract.Rehearsal ToContract(MigrationRehearsal rehearsal) => new()
    {
        UpDuration = rehearsal.UpDuration.ToDuration(),
        DownDuration = rehearsal.DownDuration.ToDuration(),
        LongestWriteLock = rehearsal.LongestWriteLock.ToDuration(),
        PeakWalBytes = rehearsal.PeakWalBytes,
        Losses = { ValueLoss.Describe(rehearsal.Losses) },
        ValuesLost = rehearsal.Losses.Sum(l => l.Values),
        NotUndone = rehearsal.NotUndone ?? "",
        Passed = rehearsal.Failure is null,
        Failure = rehearsal.Failure is not { } failure
            ? null
            : new Contract.RehearsalFailure { Phase = failure.Phase, Reason = failure.Reason, Message = failure.Message, Metadata = { failure.Metadata.ToDictionary() } },
    };
}
