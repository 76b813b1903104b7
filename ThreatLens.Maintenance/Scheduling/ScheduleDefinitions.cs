using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>The operations that schedules run.</summary>
public sealed record ScheduledWork(BackupOperations Backups, CleanupOperations Cleanups, OptimizeOperations Optimizations, IntegrityOperations Integrity, RestoreDrillOperations Drills);

/// <summary>A job that can be scheduled.</summary>
/// <param name="Name">Its name, for callers and in the database; never change one.</param>
/// <param name="Setting">Name of its settings within <c>Maintenance:Scheduling</c>.</param>
/// <param name="Options">Its settings.</param>
/// <param name="Description">What it does, for people.</param>
/// <param name="Run">Runs it as an operation.</param>
internal sealed record ScheduleDefinition(
    string Name, string Setting, Func<SchedulingOptions, ScheduleOptions> Options, string Description,
    Func<ScheduledWork, OperationRequest, CancellationToken, Task<Operation>> Run)
{
    /// <summary>Whether it keeps writers out for so long that it must not run by itself at any time.</summary>
    public bool NeedsWindow { get; init; }
}

/// <summary>All jobs that can be scheduled. One more is an entry here, its settings in <see cref="SchedulingOptions"/>, its operations in <see cref="ScheduledWork"/>.</summary>
internal static class ScheduleDefinitions
{
    public static IReadOnlyList<ScheduleDefinition> All { get; } =
    [
        new("backup", nameof(SchedulingOptions.Backup), o => o.Backup, "Takes a verified backup.",
            (work, request, token) => work.Backups.BackupAsync(null, request, token)),
        new("cleanup", nameof(SchedulingOptions.Cleanup), o => o.Cleanup, "Deletes what is past its policy.",
            (work, request, token) => work.Cleanups.CleanAsync(new CleanupCommand(), request, token)),
        new("integrity-check", nameof(SchedulingOptions.IntegrityCheck), o => o.IntegrityCheck, "Reads every page of the file.",
            (work, request, token) => work.Integrity.CheckAsync(IntegrityDepth.Quick, request, token)),
        new("integrity-check-full", nameof(SchedulingOptions.IntegrityCheckFull), o => o.IntegrityCheckFull, "Reads every page, and every entry of every index.",
            (work, request, token) => work.Integrity.CheckAsync(IntegrityDepth.Full, request, token)),
        new("optimize", nameof(SchedulingOptions.Optimize), o => o.Optimize, "Gives free pages back in slices, refreshes statistics.",
            (work, request, token) => work.Optimizations.OptimizeAsync(new OptimizeCommand(), request, token)),
        new("restore-drill", nameof(SchedulingOptions.RestoreDrill), o => o.RestoreDrill, "Restores the newest backup aside and checks it.",
            (work, request, token) => work.Drills.RunAsync(null, request, token)),
        new("vacuum", nameof(SchedulingOptions.Vacuum), o => o.Vacuum, "Rewrites the whole file; writers wait.",
            (work, request, token) => work.Optimizations.OptimizeAsync(new OptimizeCommand { FullVacuum = true }, request, token)) { NeedsWindow = true },
    ];
}
