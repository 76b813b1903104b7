using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Backups.Drills;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>Whether the database could be restored: the newest backup, its verification, the last failure, the last rehearsal of a restore.</summary>
internal sealed class BackupsSection(BackupList backups, IOptions<HealthOptions> options) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Backups;

    public HealthSection Look(HealthLook look)
    {
        if (look.Session is not { } session)
            return HealthLook.Missing(Kind);
        if (backups.TryGet(look.Now) is not { } all)
            return look.Section(Kind, "The directory of the backups cannot be read.", [], [HealthRules.BackupsUnreadable.Warn("The directory of the backups (Maintenance:Backups:Directory) cannot be read: whether there is one is not known.")], HealthStatus.Unknown);
        var newest = all.Count > 0 ? all[0] : null;
        var isNeeded = newest is not null || BackupTaker.HoldsRows(session);
        var rehearsed = RestoreDrillStore.ReadLast(session);
        var ofNewest = newest is null ? null : RestoreDrillStore.ReadLastOf(session, newest.Name);
        List<HealthFinding> findings = [.. isNeeded ? Newest(newest, look) : [], .. Failure(newest, look), .. newest is null ? [] : Drill(newest, ofNewest, rehearsed, look)];
        return look.Section(
            Kind,
            findings.Count > 0 ? findings[0].Evidence : !isNeeded ? "There is nothing to lose yet."
                : FormattableString.Invariant($"The newest of {all.Count} is of {newest!.CreatedAt:yyyy-MM-dd HH:mm} UTC, {(ofNewest is null ? "not rehearsed yet; an older one was" : "and was rehearsed")}."),
            [
                HealthFigure.Count("backups", all.Count, "backups"),
                new HealthFigure("last_backup", newest?.CreatedAt),
                new HealthFigure("age", look.Now - newest?.CreatedAt),
                new HealthFigure("last_backup_name", newest?.Name),
                HealthFigure.Count("last_backup_bytes", newest?.Bytes, "bytes"),
                new HealthFigure("verified", newest?.VerifiedAt),
                new HealthFigure("newest_rehearsed", newest is null ? null : ofNewest is { Passed: true }),
                new HealthFigure("last_drill", rehearsed.Last?.EndedAt),
                new HealthFigure("last_drill_passed", rehearsed.Last?.Passed),
                new HealthFigure("restore_rehearsed", rehearsed.LastPassed?.EndedAt),
                new HealthFigure("recovery_time", rehearsed.LastPassed?.RecoveryDuration),
            ],
            findings);
    }

    private IEnumerable<HealthFinding> Newest(Backup? newest, HealthLook look)
    {
        if (newest is null)
            yield return HealthRules.NoBackup.Warn("There is no backup.");
        else if (look.Now - newest.CreatedAt is var age && age > options.Value.MaxBackupAge)
            yield return HealthRules.BackupOld.Warn(FormattableString.Invariant($"The newest backup, {newest.Name}, is {age.TotalHours:0.#} h old; {options.Value.MaxBackupAge.TotalHours:0.#} h are allowed."));
        if (newest is { VerifiedAt: null })
            yield return HealthRules.BackupUnverified.Warn($"Nothing says that {newest.Name} was ever verified.");
    }

    /// <summary>
    /// What was rehearsed with another backup says nothing of the newest one. That it has not been rehearsed yet is a figure while a drill passed lately, since
    /// backups are taken more often than drills are run; it is a finding when the last drill failed, or neither happened within the time allowed.
    /// </summary>
    private IEnumerable<HealthFinding> Drill(Backup newest, StoredDrill? ofNewest, LastDrills drills, HealthLook look)
    {
        var allowed = options.Value.MaxDrillAge;
        if (ofNewest is { Passed: false } failed)
            yield return HealthRules.DrillFailed.Fail($"{failed.BackupName} could not be restored: {string.Join("; ", failed.Problems)}");
        else if (ofNewest is null && drills.Last is { Passed: false } other)
            yield return HealthRules.NotRehearsed.Warn($"The last drill failed, with {other.BackupName}; the newest backup, {newest.Name}, was not rehearsed.");
        else if (look.Now - drills.LastPassed?.EndedAt is not { } age)
            yield return HealthRules.NotRehearsed.Warn("No backup was ever restored to see whether that works.");
        else if (age > allowed)
            yield return HealthRules.NotRehearsed.Warn(FormattableString.Invariant($"A restore was last rehearsed {age.TotalDays:0.#} days ago; {allowed.TotalDays:0.#} are allowed."));
        else if (ofNewest is null && look.Now - newest.CreatedAt is var unrehearsed && unrehearsed > allowed)
            yield return HealthRules.NotRehearsed.Warn(FormattableString.Invariant($"The newest backup, {newest.Name}, has not been rehearsed in {unrehearsed.TotalDays:0.#} days; {allowed.TotalDays:0.#} are allowed."));
    }

    /// <summary>The last backup that somebody asked for, when it failed and there is no newer one.</summary>
    private IEnumerable<HealthFinding> Failure(Backup? newest, HealthLook look)
    {
        if (!look.HasTable("maintenance_operations"))
            return [];
        var since = OperationIds.From(look.Now - options.Value.FailedOperations);
        var after = newest is null ? since : OperationIds.From(newest.CreatedAt);
        return look.Session!.Query(
            "SELECT id, failure FROM maintenance_operations WHERE state IN ('Failed', 'Interrupted') AND id >= $since AND id > $after AND kind = 'Backup' ORDER BY id DESC LIMIT 1",
            row => HealthRules.BackupFailed.Warn($"Backup {row.GetString(0)} failed, {OperationsSection.Reason(row.IsDBNull(1) ? null : row.GetString(1))}"),
            ("$since", since), ("$after", after));
    }
}
