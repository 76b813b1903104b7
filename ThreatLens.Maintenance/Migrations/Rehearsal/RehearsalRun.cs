using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations.Rehearsal;

/// <summary>One rehearsal on its copy. Used once.</summary>
internal sealed class RehearsalRun(RehearsalCopy copy, MigrationEngine engine, MigrationCatalog catalog, CancellationToken cancellationToken)
{
    private MigrationRehearsal _measured = new();

    /// <summary>Up, down and up again.</summary>
    public MigrationRehearsal Migrate(MigrateCommand command)
    {
        var applied = Phase("up", () =>
        {
            var result = engine.Migrate(command with { Etag = null, BeforeChange = null }, null, cancellationToken);
            var duration = Measure(Transactions(result), result.LongestHook);
            _measured = _measured with { UpDuration = duration };
            // The empty database was locked for all of them.
            if (result.IsOneTransaction && _measured.UpDuration > _measured.LongestWriteLock)
                _measured = _measured with { LongestWriteLock = _measured.UpDuration };
            return result.Applied;
        });
        if (applied is { Count: > 0 })
            Return(applied.Min(a => a.Version)!, command.Allow);
        return Ended();
    }

    /// <summary>Down, up and down again.</summary>
    public MigrationRehearsal Rollback(RollbackCommand command)
    {
        command = command with { Etag = null, BeforeChange = null, MaxValuesLost = long.MaxValue };
        var losses = engine.PlanRollback(command, cancellationToken).Losses;
        if (Undo("down", command) is { Count: > 0 } undone)
        {
            _measured = _measured with { Losses = losses };
            var after = Look();
            if (Apply("up", undone) is { } applied)
            {
                var duration = Measure(applied);
                _measured = _measured with { UpDuration = duration };
                if (Undo("down again", command) is not null)
                    Compare(after);
            }
        }

        return Ended();
    }

    /// <summary>From the newest version down to the lowest that was applied, and up again.</summary>
    private void Return(MigrationVersion lowest, IReadOnlyList<string> allow)
    {
        var after = Look();
        if (FindWayBack(lowest, allow) is not var (down, losses))
            return;
        _measured = _measured with { Losses = losses };
        if (Undo("down", down) is { } undone && Apply("up again", undone) is not null)
            Compare(after);
    }

    /// <summary>How far down it goes: a version whose down script wants its tables empty stays, with those below.</summary>
    private (RollbackCommand Down, IReadOnlyList<ValueLoss> Losses)? FindWayBack(MigrationVersion lowest, IReadOnlyList<string> allow)
    {
        foreach (var floor in catalog.Migrations.Select(m => m.Version).Where(v => v.CompareTo(lowest) >= 0 && engine.GetStatus(cancellationToken).IsApplied(v)))
        {
            var command = new RollbackCommand { Version = floor.Id, Cascade = true, Allow = allow, MaxValuesLost = long.MaxValue };
            try
            {
                return (command, engine.PlanRollback(command, cancellationToken).Losses);
            }
            catch (MaintenanceException e) when (e.Reason == ErrorReasons.RollbackRefused)
            {
                _measured = _measured with { NotUndone = _measured.NotUndone ?? e.Message };
            }
        }

        return null;
    }

    private IReadOnlyList<AppliedMigration>? Undo(string phase, RollbackCommand command) => Phase(phase, () =>
    {
        var result = engine.Rollback(command, null, cancellationToken);
        var undone = result.RolledBack;
        var duration = Measure(undone, result.LongestHook);
        if (phase == "down")
            _measured = _measured with { DownDuration = duration };
        return undone;
    });

    private IReadOnlyList<AppliedMigration>? Apply(string phase, IReadOnlyList<AppliedMigration> undone) => Phase(phase, () =>
    {
        var applied = engine.Reapply([.. undone.Select(u => catalog.Find(u.Version.Id)!).OrderBy(m => m.Version)], cancellationToken);
        Measure(applied);
        return applied;
    });

    private T? Phase<T>(string phase, Func<T> run)
        where T : class
    {
        try
        {
            return run();
        }
        catch (MaintenanceException e) when (!cancellationToken.IsCancellationRequested)
        {
            _measured = _measured with { Failure = new RehearsalFailure(phase, e.Reason, e.Message, e.Metadata) };
            return null;
        }
    }

    /// <summary>The sum; the longest counts for the write lock, be it a hook's.</summary>
    private TimeSpan Measure(IReadOnlyList<AppliedMigration> transactions, TimeSpan hook = default)
    {
        foreach (var held in transactions.Select(t => t.Duration).Append(hook).Where(d => d > _measured.LongestWriteLock))
            _measured = _measured with { LongestWriteLock = held };
        return transactions.Aggregate(TimeSpan.Zero, (sum, t) => sum + t.Duration);
    }

    // An adoption is one transaction, with what was pending below it.
    private static List<AppliedMigration> Transactions(MigrateResult result) => result.Adopted.Count == 0
        ? [.. result.Applied]
        : [result.Adopted[0], .. result.Applied.Where(a => a.Version.CompareTo(result.Adopted[^1].Version) > 0)];

    private (string Fingerprint, SchemaModel Model) Look()
    {
        using var connection = copy.Database.OpenReader();
        return (new SchemaFingerprint().Read(connection), SchemaModelReader.Read(connection));
    }

    /// <summary>Whether the schema is again what it was: in every word, or else in everything that matters.</summary>
    private void Compare((string Fingerprint, SchemaModel Model) before)
    {
        using var connection = copy.Database.OpenReader();
        if (new SchemaFingerprint().Read(connection) == before.Fingerprint)
            return;
        var differences = SchemaComparison.Run(connection, new ExpectedSchema(before.Model, new Dictionary<string, string>()))
            .Where(d => d.Severity > SchemaDifferenceSeverity.Info).ToList();
        if (differences.Count == 0)
            return;
        var text = string.Join("; ", differences);
        _measured = _measured with
        {
            Failure = new RehearsalFailure(
                "compare", ErrorReasons.MigrationFailed, $"There and back and there again does not lead to the same schema: {text}.", new Dictionary<string, string> { ["differences"] = text }),
        };
    }

    private MigrationRehearsal Ended() => _measured with { PeakWalBytes = copy.WalBytes };
}
