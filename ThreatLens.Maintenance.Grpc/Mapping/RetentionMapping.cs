using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Cleanup between the domain and the contract.</summary>
internal static class RetentionMapping
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(36_500);

    public static CleanupCommand ToDomain(this Contract.CleanupRequest request) => new()
    {
        Policies = [.. request.Policies.Select(ToDomain)],
        Tables = [.. request.Tables],
        MaxDatabaseBytes = request.MaxDatabaseBytes == 0 ? null : request.MaxDatabaseBytes,
        Etag = request.Etag.Length == 0 ? null : request.Etag,
        IsEmergency = request.Emergency,
        ResumeOperationId = request.ResumeOperationId.Length == 0 ? null : request.ResumeOperationId,
        AcceptsClock = request.AcceptClock,
    };

    public static Contract.CleanupPlan ToContract(this CleanupPlan plan) => new()
    {
        Tables = { plan.Tables.Select(ToContract) },
        EstimatedDuration = plan.EstimatedDuration.ToDuration(),
        Etag = plan.Etag,
        PlanTime = plan.PlannedAt.ToTimestamp(),
        UsedBytes = plan.UsedBytes,
        MaxDatabaseBytes = plan.MaxDatabaseBytes ?? 0,
        HoldIds = { plan.HoldIds },
    };

    public static Contract.CleanupResult ToContract(this CleanupResult result) => new()
    {
        Tables = { result.Tables.Select(ToContract) },
        Orphans = result.Tables.Sum(t => t.Orphans),
        UsedBytes = result.UsedBytes,
        FreeBytes = result.FreeBytes,
        Chunks = result.Chunks,
        ResumedOperationId = result.ResumedOperationId ?? "",
    };

    private static RetentionPolicy ToDomain(Contract.RetentionPolicy policy, int index) => new()
    {
        Table = policy.Table.Length > 0 ? policy.Table : throw MaintenanceException.InvalidArgument($"policies[{index}].table", "is required"),
        MaxAge = policy.MaxAge is null ? null : Requests.ToTimeSpan($"policies[{index}].max_age", policy.MaxAge, TimeSpan.Zero, MaxAge),
        MaxRows = policy.MaxRows == 0 ? null : policy.MaxRows,
        ConfirmsEverything = policy.ConfirmEverything,
    };

    private static Contract.TableCleanup ToContract(TableCleanup table) => new()
    {
        Table = table.Table,
        CutoffTime = table.Cutoff?.ToTimestamp(),
        Rows = table.Rows,
        RowsEstimated = table.IsEstimated,
        Bytes = table.Bytes,
        OldestTime = table.Oldest?.ToTimestamp(),
        NewestTime = table.Newest?.ToTimestamp(),
        SampleIds = { table.SampleIds },
        HeldRows = table.HeldRows,
        Orphans = table.Orphans,
        UnreadableRows = table.UnreadableRows,
        SkippedReason = table.Skipped,
    };
}
