using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Migrations.Hooks;
using ThreatLens.Maintenance.Migrations.Linting;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// Makes the plan of a run, step by step as the run would go, over one connection that only reads: the steps run on the shadow of its schema.
/// Used once.
/// </summary>
internal sealed class PlanBuilder : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly MigrationCatalog _catalog;
    private readonly ScriptLint _lint;
    private readonly PlannedHooks? _hooks;
    private readonly bool _isDown;
    private readonly bool _countsLosses;
    private readonly ShadowSchema _shadow;
    private readonly RowForecast _rows;
    private readonly SpaceForecast _space;
    private readonly List<MigrationStep> _steps = [];
    private readonly List<LintFinding> _findings = [];
    private readonly List<ValueLoss> _losses = [];
    private bool _mayLoseMore;

    /// <param name="database">The database.</param>
    /// <param name="connection">Sees it in one snapshot, or in the transaction that is about to change it.</param>
    /// <param name="catalog">The migrations.</param>
    /// <param name="lint">The linter.</param>
    /// <param name="hookLint">The linter of the hooks; null: they do not belong to what is looked at.</param>
    /// <param name="isDown">Whether the scripts are down scripts.</param>
    /// <param name="countsLosses">Whether what is lost is of interest.</param>
    /// <param name="cancellationToken">Stops the counting.</param>
    public PlanBuilder(
        SqliteDatabase database, SqliteConnection connection, MigrationCatalog catalog, ScriptLint lint, ScriptLint? hookLint, bool isDown, bool countsLosses, CancellationToken cancellationToken)
    {
        (_database, _catalog, _lint, _isDown, _countsLosses) = (database, catalog, lint, isDown, countsLosses);
        _shadow = ShadowSchema.Of(connection);
        var counter = new RowCounter(connection, cancellationToken);
        _rows = new RowForecast(_shadow, counter);
        _space = new SpaceForecast(counter);
        _hooks = hookLint is null ? null : new PlannedHooks(catalog.Hooks, _shadow, hookLint);
    }

    public void Dispose() => _shadow.Dispose();

    /// <summary>Adds the adoption of the versions without a checksum, with what is pending below them.</summary>
    /// <exception cref="MaintenanceException">ADOPTION_REFUSED.</exception>
    public void Adopt(SchemaStatus status, MigrationVersion through)
    {
        foreach (var gap in status.Pending.Where(s => s.Version.CompareTo(through) < 0))
            Up(_catalog.Find(gap.Version.Id)!, adopts: true);
        var versions = status.Unadopted.Where(s => s.Version.CompareTo(through) <= 0).Select(s => s.Version).ToList();
        var statements = new List<(string? Version, PlannedStatement Statement)>();
        var forecast = NewForecast();
        NewAdoption(difference => statements.AddRange(difference.Remedy.Select(sql => (difference.Version, forecast.Mend(sql)))))
            .Complete(through, versions.Select(v => v.Id).ToHashSet());
        _steps.AddRange(versions.Select(version => new MigrationStep
        {
            Version = version,
            IsAdoption = true,
            Checksum = _catalog.Find(version.Id)!.Checksum,
            Statements = [.. statements.Where(s => s.Version == version.Id).Select(s => s.Statement)],
        }));
    }

    /// <summary>Adds a migration's up script.</summary>
    /// <param name="migration">The migration.</param>
    /// <param name="adopts">Whether what it finds there already may be of somebody else's making.</param>
    /// <exception cref="MaintenanceException">ADOPTION_REFUSED; ROLLBACK_REFUSED (the script wants tables empty that are not).</exception>
    public void Up(Migration migration, bool adopts)
    {
        var script = _catalog.UpOf(migration);
        Hook(HookMoment.BeforeEachMigrate, migration.Version);
        RefuseRows(migration.Version, script);
        var forecast = NewForecast();
        var adoption = NewAdoption(difference =>
        {
            foreach (var sql in difference.Remedy)
                forecast.Mend(sql);
        });
        adopts = adopts && Adoption.FindsSomething(_shadow.Connection, script);
        if (adopts)
            adoption.Prepare(migration);
        var result = forecast.Run(migration.Version.Id, script, _lint);
        if (adopts)
            adoption.Complete(migration.Version, new HashSet<string> { migration.Version.Id });
        Add(migration, result, migration.Checksum);
        Hook(HookMoment.AfterEachMigrate, migration.Version);
    }

    /// <summary>Adds a migration's down script.</summary>
    /// <exception cref="MaintenanceException">ROLLBACK_REFUSED: the script wants tables empty that are not.</exception>
    public void Down(Migration migration)
    {
        var script = _catalog.DownOf(migration);
        Hook(HookMoment.BeforeEachRollback, migration.Version);
        RefuseRows(migration.Version, script);
        Add(migration, NewForecast().Run(migration.Version.Id, script, _lint), "");
        Hook(HookMoment.AfterEachRollback, migration.Version);
    }

    /// <summary>Adds the hook of this moment, if there is one: what comes behind it finds what it will have done.</summary>
    /// <param name="moment">The moment.</param>
    /// <param name="around">The migration that it runs around; null: the run.</param>
    /// <exception cref="MaintenanceException">ROLLBACK_REFUSED: the hook wants tables empty that are not.</exception>
    public void Hook(HookMoment moment, MigrationVersion? around = null)
    {
        if (_hooks is null || _catalog.Hooks.At(moment) is not { } hook)
            return;
        RefuseRows(around ?? MigrationVersion.FromHistory(hook.Name), hook);
        var result = _hooks.Run(moment, around, NewForecast());
        _findings.AddRange(result.Findings);
        _losses.AddRange(result.Losses);
        _mayLoseMore |= result.MayLoseMore;
    }

    /// <summary>What the steps added up to.</summary>
    public MigrationPlan Build(MigrationVersion? from, MigrationVersion? to, MigrationOrder order, string etag) => new()
    {
        From = from,
        To = to,
        Steps = _steps,
        Hooks = _hooks?.All ?? [],
        Order = order,
        Findings = _findings,
        Losses = _losses,
        MayLoseMore = _mayLoseMore,
        NewBytes = _space.NewBytes,
        RewrittenBytes = _space.RewrittenBytes,
        Etag = etag,
    };

    private void Add(Migration migration, ScriptForecastResult result, string checksum)
    {
        _steps.Add(new MigrationStep { Version = migration.Version, IsDown = _isDown, Checksum = checksum, Statements = result.Statements });
        _findings.AddRange(result.Findings);
        _losses.AddRange(result.Losses);
        _mayLoseMore |= result.MayLoseMore;
    }

    private void RefuseRows(MigrationVersion version, MigrationScript script)
    {
        var filled = script.RefuseIfRows
            .Select(table => (Table: table, Rows: _shadow.Tables.TryGetValue(table, out var state) ? _rows.RowsOf(state) ?? 0 : 0))
            .Where(t => t.Rows > 0).ToList();
        if (filled.Count > 0)
            throw ScriptRunner.HoldsRows(version, filled);
    }

    private ScriptForecast NewForecast() => new(_shadow, _rows, _space, _countsLosses);

    private Adoption NewAdoption(Action<SchemaDifference> mend) => new(_database, _shadow.Connection, _catalog)
    {
        Mend = mend,
        HasRows = table => _shadow.Tables.TryGetValue(table, out var state) && _rows.RowsOf(state) is not 0,
    };
}
