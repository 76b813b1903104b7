using Google.Protobuf.WellKnownTypes;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Errors;
using ThreatLens.Maintenance.Ingestion;
using Contract = ThreatLens.Maintenance.V1;
using Domain = ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Grpc.Mapping;

/// <summary>Operations between the domain and the contract.</summary>
internal static class OperationMapping
{
    public static Contract.Operation ToContract(this Domain.Operation operation, DateTimeOffset now)
    {
        var mapped = new Contract.Operation
        {
            Id = operation.Id,
            Kind = ToContract(operation.Kind),
            State = ToContract(operation.State),
            Caller = new Contract.Caller { Name = operation.Caller.Name, Verified = operation.Caller.IsVerified },
            RequestId = operation.RequestId ?? "",
            CreateTime = operation.CreatedAt.ToTimestamp(),
            StartTime = operation.StartedAt?.ToTimestamp(),
            EndTime = operation.EndedAt?.ToTimestamp(),
            Duration = operation.Duration(now)?.ToDuration(),
            TraceId = operation.TraceId ?? "",
            Progress = new Contract.OperationProgress
            {
                Sequence = operation.Progress.Sequence,
                Message = operation.Progress.Message,
                Completed = operation.Progress.Completed,
                Total = operation.Progress.Total,
                Unit = operation.Progress.Unit,
                UpdateTime = operation.Progress.UpdatedAt.ToTimestamp(),
                EstimatedRemaining = operation.Progress.EstimatedRemaining?.ToDuration(),
            },
            Error = operation.Failure is { } failure ? ToContract(failure) : null,
        };
        SetResult(mapped, operation.Result);
        return mapped;
    }

    public static Domain.OperationKind? ToDomain(Contract.OperationKind kind, string field) => kind switch
    {
        Contract.OperationKind.Unspecified => null,
        Contract.OperationKind.Migrate => Domain.OperationKind.Migrate,
        Contract.OperationKind.Rollback => Domain.OperationKind.Rollback,
        Contract.OperationKind.Repair => Domain.OperationKind.Repair,
        Contract.OperationKind.Optimize => Domain.OperationKind.Optimize,
        Contract.OperationKind.Backup => Domain.OperationKind.Backup,
        Contract.OperationKind.Restore => Domain.OperationKind.Restore,
        Contract.OperationKind.UpdateMonitoringConfig => Domain.OperationKind.UpdateMonitoringConfig,
        Contract.OperationKind.SetLogSourceEnabled => Domain.OperationKind.SetLogSourceEnabled,
        Contract.OperationKind.Cleanup => Domain.OperationKind.Cleanup,
        Contract.OperationKind.CreateHold => Domain.OperationKind.CreateHold,
        Contract.OperationKind.ReleaseHold => Domain.OperationKind.ReleaseHold,
        Contract.OperationKind.RestoreDrill => Domain.OperationKind.RestoreDrill,
        Contract.OperationKind.PauseSchedule => Domain.OperationKind.PauseSchedule,
        Contract.OperationKind.IntegrityCheck => Domain.OperationKind.IntegrityCheck,
        _ when System.Enum.IsDefined(kind) => throw MaintenanceException.NotImplemented($"{field} {kind}"),
        _ => throw MaintenanceException.InvalidArgument(field, $"{(int)kind} is no OperationKind"),
    };

    public static Domain.OperationState? ToDomain(Contract.OperationState state, string field) => state switch
    {
        Contract.OperationState.Unspecified => null,
        Contract.OperationState.Queued => Domain.OperationState.Queued,
        Contract.OperationState.Running => Domain.OperationState.Running,
        Contract.OperationState.Cancelling => Domain.OperationState.Cancelling,
        Contract.OperationState.Succeeded => Domain.OperationState.Succeeded,
        Contract.OperationState.Failed => Domain.OperationState.Failed,
        Contract.OperationState.Cancelled => Domain.OperationState.Cancelled,
        Contract.OperationState.Interrupted => Domain.OperationState.Interrupted,
        _ => throw MaintenanceException.InvalidArgument(field, $"{(int)state} is no OperationState"),
    };

    private static Contract.OperationKind ToContract(Domain.OperationKind kind) => kind switch
    {
        Domain.OperationKind.Migrate => Contract.OperationKind.Migrate,
        Domain.OperationKind.Rollback => Contract.OperationKind.Rollback,
        Domain.OperationKind.Repair => Contract.OperationKind.Repair,
        Domain.OperationKind.Optimize => Contract.OperationKind.Optimize,
        Domain.OperationKind.Backup => Contract.OperationKind.Backup,
        Domain.OperationKind.Restore => Contract.OperationKind.Restore,
        Domain.OperationKind.UpdateMonitoringConfig => Contract.OperationKind.UpdateMonitoringConfig,
        Domain.OperationKind.SetLogSourceEnabled => Contract.OperationKind.SetLogSourceEnabled,
        Domain.OperationKind.Cleanup => Contract.OperationKind.Cleanup,
        Domain.OperationKind.CreateHold => Contract.OperationKind.CreateHold,
        Domain.OperationKind.ReleaseHold => Contract.OperationKind.ReleaseHold,
        Domain.OperationKind.RestoreDrill => Contract.OperationKind.RestoreDrill,
        Domain.OperationKind.PauseSchedule => Contract.OperationKind.PauseSchedule,
        Domain.OperationKind.IntegrityCheck => Contract.OperationKind.IntegrityCheck,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static Contract.OperationState ToContract(Domain.OperationState state) => state switch
    {
        Domain.OperationState.Queued => Contract.OperationState.Queued,
        Domain.OperationState.Running => Contract.OperationState.Running,
        Domain.OperationState.Cancelling => Contract.OperationState.Cancelling,
        Domain.OperationState.Succeeded => Contract.OperationState.Succeeded,
        Domain.OperationState.Failed => Contract.OperationState.Failed,
        Domain.OperationState.Cancelled => Contract.OperationState.Cancelled,
        Domain.OperationState.Interrupted => Contract.OperationState.Interrupted,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    private static Contract.OperationError ToContract(Domain.OperationFailure failure) => new()
    {
        Code = (int)RpcErrors.ToCode(failure.Kind),
        Reason = failure.Reason,
        Message = failure.Message,
        Metadata = { failure.Metadata.ToDictionary() },
    };

    private static void SetResult(Contract.Operation mapped, object? result)
    {
        switch (result)
        {
            case Migrations.MigrateResult migrate:
                mapped.Migrate = migrate.ToContract();
                break;
            case Migrations.RollbackResult rollback:
                mapped.Rollback = rollback.ToContract();
                break;
            case Migrations.Drift.RepairResult repair:
                mapped.Repair = repair.ToContract();
                break;
            case Optimization.OptimizeResult optimize:
                mapped.Optimize = optimize.ToContract();
                break;
            case Backups.BackupResult backup:
                mapped.Backup = backup.ToContract();
                break;
            case Backups.RestoreResult restore:
                mapped.Restore = restore.ToContract();
                break;
            case Backups.Drills.RestoreDrillResult drill:
                mapped.RestoreDrill = drill.ToContract();
                break;
            case Retention.CleanupResult cleanup:
                mapped.Cleanup = cleanup.ToContract();
                break;
            case Retention.Holds.CreatedHold created:
                mapped.CreateHold = new Contract.CreateHoldResult { Hold = created.Hold.ToContract() };
                break;
            case Retention.Holds.ReleasedHold released:
                mapped.ReleaseHold = new Contract.ReleaseHoldResult { Hold = released.Hold.ToContract() };
                break;
            case Integrity.IntegrityCheckResult check:
                mapped.IntegrityCheck = check.ToContract();
                break;
            case Scheduling.PausedSchedule paused:
                mapped.PauseSchedule = new Contract.PauseScheduleResult { Schedule = paused.ToContract() };
                break;
            case StoredMonitoringConfig config:
                mapped.UpdateMonitoringConfig = config.ToResult();
                break;
            case LogSource source:
                mapped.SetLogSourceEnabled = new Contract.SetLogSourceEnabledResult { LogSource = source.ToContract() };
                break;
        }
    }
}
