using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Optimization.Indexes;
using ThreatLens.Maintenance.Statistics;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Sizes and optimizations from the domain to the contract.</summary>
internal static class SpaceMapping
{
    public static Contract.OptimizePlan ToContract(this OptimizePlan plan) => new()
    {
        Steps = { plan.Steps },
        ExpectedGainBytes = plan.ExpectedGainBytes,
        RequiredFreeBytes = plan.RequiredFreeBytes,
        AvailableFreeBytes = plan.AvailableFreeBytes,
        EstimatedWriteLock = plan.EstimatedWriteLock.ToDuration(),
        DatabaseBytes = plan.DatabaseBytes,
        FreeBytes = plan.FreeBytes,
        UnusedBytes = plan.UnusedBytes,
        AutoVacuum = plan.AutoVacuum.ToContract(),
        Rewrites = plan.Rewrites,
        Etag = plan.Etag,
    };

    public static Contract.OptimizeResult ToContract(this OptimizeResult result) => new()
    {
        BytesBefore = result.BytesBefore,
        BytesAfter = result.BytesAfter,
        FreeBytesAfter = result.FreeBytesAfter,
        WalBytesAfter = result.WalBytesAfter,
        ReturnedPages = result.ReturnedPages,
        Slices = result.Slices,
        Rewrote = result.Rewrote,
        AutoVacuum = result.AutoVacuum.ToContract(),
        AnalyzedTables = { result.AnalyzedTables },
        LongestWriteLock = result.LongestWriteLock.ToDuration(),
    };

    public static Contract.DatabaseSize ToContract(this DatabaseSize size) => new()
    {
        FileBytes = size.FileBytes,
        WalBytes = size.WalBytes,
        DatabaseBytes = size.DatabaseBytes,
        FreeBytes = size.FreeBytes,
        OverheadBytes = size.OverheadBytes,
        Objects = { size.Objects.Select(ToContract) },
        Method = size.Method,
        MeasureTime = size.MeasuredAt.ToTimestamp(),
    };

    public static Contract.IndexAdvice ToContract(this IndexAdvice advice) => new()
    {
        Kind = advice.Kind switch
        {
            IndexAdviceKind.Unused => Contract.IndexAdviceKind.Unused,
            IndexAdviceKind.Duplicate => Contract.IndexAdviceKind.Duplicate,
            IndexAdviceKind.RedundantPrefix => Contract.IndexAdviceKind.RedundantPrefix,
            _ => Contract.IndexAdviceKind.Missing,
        },
        Table = advice.Table,
        Index = advice.Index,
        Reason = advice.Reason,
        Query = advice.Query,
        PlanBefore = advice.PlanBefore,
        PlanAfter = advice.PlanAfter,
        DurationBefore = advice.DurationBefore.ToDuration(),
        DurationAfter = advice.DurationAfter.ToDuration(),
        IndexBytes = advice.IndexBytes,
        IngestCost = advice.IngestCost,
        MigrationSql = advice.MigrationSql,
        MeasureTime = advice.MeasuredAt.ToTimestamp(),
    };

    private static Contract.ObjectSize ToContract(ObjectSize size) => new()
    {
        ObjectType = size.Type,
        Name = size.Name,
        Table = size.Table,
        Bytes = size.Bytes,
        ErrorBound = size.BytesError,
        Rows = size.Rows,
        RowsErrorBound = size.RowsError,
        UnusedBytes = size.UnusedBytes,
    };

    private static Contract.AutoVacuum ToContract(this AutoVacuum mode) => mode switch
    {
        AutoVacuum.None => Contract.AutoVacuum.None,
        AutoVacuum.Full => Contract.AutoVacuum.Full,
        _ => Contract.AutoVacuum.Incremental,
    };
}
