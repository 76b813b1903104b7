using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>Decides which migrations a run applies or undoes, and refuses what must not be done. Reads nothing but the status.</summary>
internal static class MigrationPlanner
{
    /// <summary>What to adopt and to apply, in order, to reach the target (null: the latest).</summary>
    /// <exception cref="MaintenanceException">See <see cref="MigrationEngine.Migrate"/>.</exception>
    public static ForwardPlan Forward(MigrationCatalog catalog, SchemaStatus status, MigrationVersion? target, MigrationOrder order)
    {
        RefuseForeignHistory(status);
        RefuseEdited(status);
        if (target is not null && status.CurrentVersion is { } current && target.CompareTo(current) < 0)
        {
            throw MaintenanceException.InvalidArgument(
                "target_version", $"{target} is below the current version {current}; use Rollback to go down.");
        }

        List<Migration> pending = [.. status.Pending
            .Where(s => target is null || s.Version.CompareTo(target) <= 0)
            .Select(s => catalog.Find(s.Version.Id)!)];
        foreach (var migration in pending)
            RefuseOutOfOrder(status, migration, order);
        RefuseUnfinished(status, pending.FirstOrDefault(), down: false);
        // What the original application left out below its own versions is part of adopting those.
        var through = status.Unadopted.LastOrDefault()?.Version;
        return new ForwardPlan(through, [.. pending.Where(m => through is null || m.Version.CompareTo(through) > 0)]);
    }

    /// <summary>Looks again, inside a migration's transaction, whether it may still be applied.</summary>
    public static void RecheckForward(SchemaStatus status, Migration migration, MigrationOrder order)
    {
        RefuseForeignHistory(status);
        RefuseEdited(status);
        RefuseOutOfOrder(status, migration, order);
        RefuseUnfinished(status, migration, down: false);
    }

    /// <summary>Looks again, inside its transaction, whether the history may still be adopted.</summary>
    public static void RecheckAdoption(SchemaStatus status)
    {
        RefuseForeignHistory(status);
        RefuseEdited(status);
        RefuseUnfinished(status, null, down: false);
    }

    /// <summary>The migrations to undo, the highest first.</summary>
    /// <exception cref="MaintenanceException">See <see cref="MigrationEngine.Rollback"/>.</exception>
    public static IReadOnlyList<Migration> Backward(MigrationCatalog catalog, SchemaStatus status, RollbackRequest request)
    {
        var undo = Undo(catalog, status, request);
        RefuseUnfinished(status, undo.Count == 0 ? null : undo[0], down: true);
        return undo;
    }

    private static IReadOnlyList<Migration> Undo(MigrationCatalog catalog, SchemaStatus status, RollbackRequest request)
    {
        RefuseForeignHistory(status);
        List<Migration> applied = [.. Applied(status).Reverse().Select(s => catalog.Find(s.Version.Id)!)];
        if (request is { Version: { } root, Cascade: true })
        {
            return status.IsApplied(root.Version)
                ? [.. applied.TakeWhile(m => m.Version.CompareTo(root.Version) >= 0)]
                : throw NotApplied($"{root.Version} is not applied.");
        }

        if (request.Version is { } version)
        {
            RecheckBackward(status, version);
            return [version];
        }

        if (request.ToVersion is { } floor)
            return Above(status, applied, floor);
        if (applied.Count == 0)
            throw NotApplied("No version of this service is applied; there is nothing to undo.");
        if (request.Steps > applied.Count)
            throw MaintenanceException.InvalidArgument("steps", $"{request.Steps} is more than the {applied.Count} applied versions.");
        return applied[..request.Steps];
    }

    /// <summary>Looks again, inside the transaction, whether the migration may still be undone.</summary>
    public static void RecheckBackward(SchemaStatus status, Migration migration)
    {
        RefuseForeignHistory(status);
        if (!status.IsApplied(migration.Version))
            throw NotApplied($"{migration.Version} is not applied.");
        RefuseUnfinished(status, migration, down: true);
        var later = Names(Applied(status).Where(s => s.Version.CompareTo(migration.Version) > 0));
        if (later.Length > 0)
        {
            throw Refused(
                ErrorReasons.LaterVersionsApplied,
                $"{migration.Version} cannot be undone while later versions stand on it: {later}. Undo those first, or all together with cascade.",
                ("laterVersions", later));
        }
    }

    /// <summary>The versions whose checksum a repair replaces, after refusing what must not be repaired.</summary>
    /// <param name="status">Where the schema stands.</param>
    /// <param name="realign">The versions that the caller names.</param>
    /// <exception cref="MaintenanceException">See <see cref="MigrationEngine.Repair"/>.</exception>
    public static IReadOnlyList<Migration> Realign(SchemaStatus status, IReadOnlyList<Migration> realign)
    {
        RefuseForeignHistory(status);
        RefuseUnfinished(status, null, down: false);
        if (realign.FirstOrDefault(m => !status.IsApplied(m.Version)) is { } missing)
            throw NotApplied($"{missing.Version} is not applied, so it has no checksum to re-align.");
        RefuseEdited(status, realign.Select(m => m.Version.Id).ToHashSet());
        return [.. realign.Where(m => status.Migrations.Single(s => s.Version.Id == m.Version.Id).ChecksumMatches != true)];
    }

    private static IReadOnlyList<Migration> Above(SchemaStatus status, List<Migration> applied, Migration floor)
    {
        if (status.CurrentVersion is null || floor.Version.CompareTo(status.CurrentVersion) > 0)
        {
            throw MaintenanceException.InvalidArgument(
                "to_version", $"{floor.Version} is above the current version {status.CurrentVersion?.Id ?? "(none)"}; use Migrate to go up.");
        }

        if (!status.IsApplied(floor.Version))
            throw NotApplied($"{floor.Version} is not applied, so the schema cannot be rolled back to it.");
        return [.. applied.TakeWhile(m => m.Version.CompareTo(floor.Version) > 0)];
    }

    // A version we do not know changed the schema in ways we do not know: nothing on top of it or below it is safe.
    private static void RefuseForeignHistory(SchemaStatus status)
    {
        var unknown = Names(status.Migrations.Where(s => s.State == MigrationStateKind.Unknown));
        if (unknown.Length == 0)
            return;
        throw status.IsNewerThanService
            ? Refused(
                ErrorReasons.DatabaseNewer,
                $"The database has been changed by a newer service: this one knows nothing of {unknown}. Update this service, or give it the folder they came from (Maintenance:Migrations:Path); nothing was changed.",
                ("unknownVersions", unknown))
            : Refused(
                ErrorReasons.UnknownVersion,
                $"The history names versions that this service does not know: {unknown}. Give it the folder they came from (Maintenance:Migrations:Path), or run the service that knows them. Nothing was changed.",
                ("unknownVersions", unknown));
    }

    // What was begun outside of a transaction has left a schema that belongs to no version: only finishing it makes sense.
    private static void RefuseUnfinished(SchemaStatus status, Migration? first, bool down)
    {
        if (status.Unfinished is { } begun && (begun.IsDown != down || begun.Version != first?.Version.Id))
            throw begun.InTheWay();
    }

    private static void RefuseEdited(SchemaStatus status, IReadOnlySet<string>? realigned = null)
    {
        if (status.Migrations.FirstOrDefault(s => s is { State: MigrationStateKind.Applied, ChecksumMatches: false } && realigned?.Contains(s.Version.Id) != true) is not { } edited)
            return;
        throw Refused(
            ErrorReasons.ChecksumMismatch,
            $"{edited.Version} was applied from a script with checksum {edited.StoredChecksum}, but the script now has {edited.ExpectedChecksum}. Put the applied script back, and make the change a new migration; or let Repair re-align the version.",
            ("version", edited.Version.Id),
            ("storedChecksum", edited.StoredChecksum!),
            ("expectedChecksum", edited.ExpectedChecksum!));
    }

    // Rows without a checksum are the original application's, which recorded no 000 and could undo 001 under 003: filling such a gap is adoption.
    private static void RefuseOutOfOrder(SchemaStatus status, Migration migration, MigrationOrder order)
    {
        if (order == MigrationOrder.Allow)
            return;
        var above = Names(Applied(status).Where(s => s.StoredChecksum is not null && s.Version.CompareTo(migration.Version) > 0));
        if (above.Length == 0)
            return;
        throw Refused(
            ErrorReasons.VersionOutOfOrder,
            $"{migration.Version} is not applied but versions above it are: {above}. Roll those back first, give the migration a higher number, or allow it with order ALLOW.",
            ("version", migration.Version.Id),
            ("laterVersions", above));
    }

    private static IEnumerable<MigrationState> Applied(SchemaStatus status) =>
        status.Migrations.Where(s => s.State == MigrationStateKind.Applied);

    private static string Names(IEnumerable<MigrationState> states) => string.Join(", ", states.Select(s => s.Version.Id));

    private static MaintenanceException NotApplied(string message) => Refused(ErrorReasons.VersionNotApplied, message);

    private static MaintenanceException Refused(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in metadata)
            facts.Add(key, value);
        return new MaintenanceException(ErrorKind.FailedPrecondition, reason, message) { Metadata = facts };
    }
}

/// <summary>What a run of Migrate does.</summary>
/// <param name="AdoptThrough">The highest version to adopt, with everything below it; null when there is none.</param>
/// <param name="Apply">The migrations to apply after that, in order.</param>
internal sealed record ForwardPlan(MigrationVersion? AdoptThrough, IReadOnlyList<Migration> Apply)
{
    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => AdoptThrough is null && Apply.Count == 0;

    /// <summary>Whether any of it is still to be done on a database of this status.</summary>
    public bool IsLeft(SchemaStatus status) =>
        (AdoptThrough is { } through && status.Unadopted.Any(s => s.Version.CompareTo(through) <= 0)) || Apply.Any(m => !status.IsApplied(m.Version));
}
