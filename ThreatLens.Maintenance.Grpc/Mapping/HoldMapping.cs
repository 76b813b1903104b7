using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Retention.Holds;
using Contract = ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Holds between the domain and the contract.</summary>
internal static class HoldMapping
{
    public static Contract.Hold ToContract(this Hold hold) => new()
    {
        Id = hold.Id,
        Target = ToContract(hold.Target),
        Reason = hold.Reason,
        CreatedBy = hold.CreatedBy,
        CreateTime = hold.CreatedAt.ToTimestamp(),
        ExpireTime = hold.ExpiresAt?.ToTimestamp(),
    };

    /// <summary>Reads what a new hold pins. Output-only fields are not looked at, as the contract says.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field.</exception>
    public static HoldTarget ToDomain(Contract.Hold? hold, DateTimeOffset now) => hold?.Target switch
    {
        null when hold is null => throw MaintenanceException.InvalidArgument("hold", "is required"),
        { TargetCase: Contract.HoldTarget.TargetOneofCase.TimeRange, TimeRange: var range } => new HoldTarget
        {
            Start = range.StartTime is null ? null : Requests.ToMoment("hold.target.time_range.start_time", range.StartTime),
            End = range.EndTime is null ? now : Requests.ToMoment("hold.target.time_range.end_time", range.EndTime),
        },
        { TargetCase: Contract.HoldTarget.TargetOneofCase.SourceName, SourceName: var source } => new HoldTarget { SourceName = source },
        { TargetCase: Contract.HoldTarget.TargetOneofCase.EventId, EventId: var id } => new HoldTarget { EventId = id },
        _ => throw MaintenanceException.InvalidArgument("hold.target", "is required: a time_range, a source_name or an event_id"),
    };

    private static Contract.HoldTarget ToContract(HoldTarget target) => target switch
    {
        { SourceName: { } source } => new Contract.HoldTarget { SourceName = source },
        { EventId: { } id } => new Contract.HoldTarget { EventId = id },
        _ => new Contract.HoldTarget { TimeRange = new Contract.TimeRange { StartTime = target.Start?.ToTimestamp(), EndTime = target.End?.ToTimestamp() } },
    };
}
