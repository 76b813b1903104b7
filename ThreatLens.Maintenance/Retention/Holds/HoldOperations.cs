using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Retention.Holds;

/// <summary>What CreateHold did.</summary>
/// <param name="Hold">The hold.</param>
public sealed record CreatedHold(Hold Hold);

/// <summary>What ReleaseHold did.</summary>
/// <param name="Hold">The hold as it was.</param>
public sealed record ReleasedHold(Hold Hold);

/// <summary>Creating and releasing holds, as operations. A cleanup that runs meanwhile heeds them with its next transaction. Thread-safe.</summary>
public sealed class HoldOperations(HoldStore store, OperationRunner runner, TimeProvider time)
{
    /// <summary>Longest reason, characters.</summary>
    public const int MaxReasonLength = 1_000;

    /// <summary>Longest name of a source or id of an event, characters.</summary>
    public const int MaxNameLength = 255;

    /// <summary>Creates a hold as an operation.</summary>
    /// <param name="target">What to pin.</param>
    /// <param name="reason">Why.</param>
    /// <param name="expiresAt">Until when, UTC; null: until it is released.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT, EVENT_NOT_FOUND, TOO_MANY_HOLDS, or it was refused or has failed.</exception>
    public Task<Operation> CreateAsync(HoldTarget target, string reason, DateTimeOffset? expiresAt, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.CreateHold,
            Check = () => Check(target, reason, expiresAt),
            Run = context => new CreatedHold(store.Create(Make(target, reason, expiresAt, context.Caller.Name), context.CancellationToken)),
        },
        request, cancellationToken);

    /// <summary>Releases a hold as an operation.</summary>
    /// <param name="id">The hold.</param>
    /// <param name="request">Who asks, and how.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MaintenanceException">HOLD_NOT_FOUND, or it was refused or has failed.</exception>
    public Task<Operation> ReleaseAsync(string id, OperationRequest request, CancellationToken cancellationToken) => runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.ReleaseHold,
            Check = () => store.Get(id),
            Run = context => new ReleasedHold(store.Release(id, context.CancellationToken)),
        },
        request, cancellationToken);

    /// <summary>Refuses a hold that cannot be created. Writes nothing.</summary>
    /// <param name="target">What to pin.</param>
    /// <param name="reason">Why.</param>
    /// <param name="expiresAt">Until when, UTC; null: until it is released.</param>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field, EVENT_NOT_FOUND, TOO_MANY_HOLDS, or the database cannot be read.</exception>
    public void Check(HoldTarget target, string reason, DateTimeOffset? expiresAt)
    {
        if (Length(reason) is 0 or > MaxReasonLength || string.IsNullOrWhiteSpace(reason))
            throw MaintenanceException.InvalidArgument("hold.reason", $"says why, in 1 to {MaxReasonLength} characters");
        if (target.Start >= target.End)
            throw MaintenanceException.InvalidArgument("hold.target.time_range", "ends before it begins, or as it begins: end_time must be later than start_time (unset: now)");
        CheckName(target.SourceName, "hold.target.source_name");
        CheckName(target.EventId, "hold.target.event_id");
        if (expiresAt <= time.GetUtcNow())
            throw MaintenanceException.InvalidArgument("hold.expire_time", "is past; name a later moment, or leave it out for a hold until it is released");
        store.Check(target);
    }

    private static void CheckName(string? name, string field)
    {
        if (name is not null && (Length(name) is 0 or > MaxNameLength || name.Contains('\0', StringComparison.Ordinal)))
            throw MaintenanceException.InvalidArgument(field, $"must have 1 to {MaxNameLength} characters, none of them U+0000");
    }

    private static int Length(string text) => text.EnumerateRunes().Count();

    private Hold Make(HoldTarget target, string reason, DateTimeOffset? expiresAt, string caller) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N"),
        Target = target with { Start = Stored(target.Start), End = Stored(target.End + (TimeSpan.FromMicroseconds(1) - TimeSpan.FromTicks(1))) },
        Reason = reason,
        CreatedBy = caller,
        CreatedAt = Stored(time.GetUtcNow())!.Value,
        ExpiresAt = Stored(expiresAt),
    };

    /// <summary>As it will be read back: whole microseconds.</summary>
    private static DateTimeOffset? Stored(DateTimeOffset? moment) => moment is { } at ? new DateTimeOffset(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero) : null;
}
