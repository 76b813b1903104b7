using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Linting;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// Looks again, within the transactions of a run, whether what the plan promised still holds: others may have written since. Scripts without
/// a statement that could endanger anything cost nothing here. Used for one run.
/// </summary>
internal sealed class ChangeGuard(SqliteDatabase database, MigrationCatalog catalog, AllowedRules allowed, MigrationOptions options)
{
    private bool _isEntered;

    /// <summary>What an etag is compared with, and the etag; null: whatever is right now.</summary>
    public (PlanEtag Now, string Etag)? Bound { get; init; }

    /// <summary>Most values that may be lost; null: none.</summary>
    public long? MaxValuesLost { get; init; }

    /// <summary>The values lost by what was undone, as counted within the transactions.</summary>
    public long ValuesLost { get; private set; }

    /// <summary>Before the first change of the run.</summary>
    /// <exception cref="Errors.MaintenanceException">ETAG_MISMATCH.</exception>
    public void Enter(SqliteConnection connection, HistorySnapshot history)
    {
        if (!_isEntered)
            Bound?.Now.Require(Bound.Value.Etag, connection, history);
        _isEntered = true;
    }

    /// <summary>After everything so far was rolled back: what comes next is the first change again.</summary>
    public void StartAnew() => _isEntered = false;

    /// <summary>Before an up script.</summary>
    /// <exception cref="Errors.MaintenanceException">LINT_FAILED.</exception>
    public void BeforeUp(SqliteConnection connection, Migration migration)
    {
        if (!ScriptLint.NeedsLook(catalog.UpOf(migration), isDown: false))
            return;
        using var look = NewLook(connection, isDown: false);
        look.Up(migration, adopts: false);
        PlanRefusal.OfLint(look.Build(null, null, default, "").Findings);
    }

    /// <summary>Before a down script.</summary>
    /// <exception cref="Errors.MaintenanceException">LINT_FAILED, VALUES_WOULD_BE_LOST, ROLLBACK_REFUSED.</exception>
    public void BeforeDown(SqliteConnection connection, Migration migration)
    {
        if (!ScriptLint.NeedsLook(catalog.DownOf(migration), isDown: true))
            return;
        using var look = NewLook(connection, isDown: true);
        look.Down(migration);
        var plan = look.Build(null, null, default, "");
        PlanRefusal.OfLint(plan.Findings);
        PlanRefusal.OfLoss(plan.Losses, ValuesLost, MaxValuesLost);
        ValuesLost += plan.ValuesLost;
    }

    private PlanBuilder NewLook(SqliteConnection connection, bool isDown) =>
        new(database, connection, catalog, new ScriptLint(allowed, options, isDown), null, isDown, countsLosses: isDown, CancellationToken.None);
}
