using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Hooks;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>The operator's scripts around migrations.</summary>
internal sealed partial class MigrationRun
{
    /// <summary>The longest transaction that a hook had to itself; zero without one.</summary>
    public TimeSpan LongestHook { get; private set; }

    /// <summary>Runs the hook of this moment, if there is one, in a transaction of its own.</summary>
    /// <param name="moment">The moment.</param>
    /// <param name="down">Whether the run goes down.</param>
    /// <param name="done">What the run has done by now.</param>
    /// <param name="isLeft">Whether there still is something for the run to do, as seen within the transaction; null: it has done something.</param>
    private void RunHook(HookMoment moment, bool down, List<AppliedMigration> done, Func<SchemaStatus, bool>? isLeft = null)
    {
        if (catalog.Hooks.At(moment) is not { } hook)
            return;
        var name = MigrationVersion.FromHistory(hook.Name);
        Attempt(hook.Name, name, down, done, activity =>
        {
            using var transaction = Timed(Begin, () => ImmediateTransaction.Begin(connection));
            var started = time.GetTimestamp();
            var history = SchemaHistory.Read(connection);
            // The hook may be the first change of the run, and what it changes must not be held against the run's etag.
            Guard?.Enter(connection, history);
            // Another process has done it all: the hook behind the run will not run either.
            if (isLeft?.Invoke(SchemaStatusReader.Compare(catalog, history)) == false)
                return 0;
            var before = _fingerprint.Read(connection);
            new ScriptRunner(database, connection, transaction).Run(name, hook);
            KeepRecord(before);
            Timed(Commit, transaction.Commit);
            LongestHook = TimeSpan.FromTicks(Math.Max(LongestHook.Ticks, time.GetElapsedTime(started).Ticks));
            return 0;
        });
    }

    /// <summary>Runs the hook of this moment, if there is one, as part of a migration.</summary>
    private void RunHook(HookMoment moment, Migration migration, ImmediateTransaction transaction)
    {
        if (catalog.Hooks.At(moment) is { } hook)
            new ScriptRunner(database, connection, transaction).Run(migration.Version, hook);
    }

    // A hook that changes the schema changes what was recorded at the current version.
    private void KeepRecord(string before)
    {
        if (_fingerprint.Read(connection) is var after && after == before)
            return;
        var history = SchemaHistory.Read(connection);
        if (SchemaStatusReader.Compare(catalog, history).CurrentVersion is { } current && SchemaHistory.ReadFingerprint(connection, history, current) is not null)
            SchemaHistory.SetFingerprint(connection, current, after);
    }
}
