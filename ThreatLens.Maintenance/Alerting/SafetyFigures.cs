using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;
using ThreatLens.Maintenance.Integrity;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>Whether the database could be lost: backups, drills, integrity.</summary>
internal sealed class SafetyFigures(BackupDirectory backups, RestoreDrillStore drills, IntegrityRecord integrity) : IAlertFigureSource
{
    public IEnumerable<AlertFigure> Read(DateTimeOffset now)
    {
        if (integrity.Newest is { } check)
        {
            yield return new(IntegrityAge, Age(now, check.FinishedAt));
            yield return new(IntegrityProblems, integrity.Problems.Count);
        }

        if (backups.List().FirstOrDefault(b => b.VerifiedAt is not null) is { } backup)
            yield return new(BackupAge, Age(now, backup.CreatedAt));
        var (last, passed) = drills.ReadLast();
        if (passed is not null)
            yield return new(DrillAge, Age(now, passed.EndedAt));
        if (last is null)
            yield break;
        yield return new(DrillPassed, last.Passed ? 1 : 0);
        yield return new(DrillRecovery, last.RecoveryDuration.TotalSeconds);
    }

    private static double Age(DateTimeOffset now, DateTimeOffset at) => Math.Max(0, (now - at).TotalSeconds);
}
