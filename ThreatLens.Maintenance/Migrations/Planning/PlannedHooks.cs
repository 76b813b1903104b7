using ThreatLens.Maintenance.Migrations.Hooks;
using ThreatLens.Maintenance.Migrations.Linting;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>The hooks of a plan. Those around each migration run several times: their rows add up, and what the linter says is said once. Used once.</summary>
internal sealed class PlannedHooks(MigrationHooks hooks, ShadowSchema shadow, ScriptLint lint)
{
    private readonly SortedDictionary<HookMoment, PlannedHook> _planned = [];
    private readonly HashSet<(string Script, int Statement, string Rule)> _told = [];

    /// <summary>Those that have run, in the order of their moments.</summary>
    public IReadOnlyList<PlannedHook> All => [.. _planned.Values];

    /// <summary>Runs a hook that there is on the shadow.</summary>
    /// <param name="moment">Its moment.</param>
    /// <param name="around">The migration that it runs around; null: the run.</param>
    /// <param name="forecast">Runs it.</param>
    public ScriptForecastResult Run(HookMoment moment, MigrationVersion? around, ScriptForecast forecast)
    {
        var hook = hooks.At(moment)!;
        if (around is not null)
            MakeHistory();
        var result = forecast.Run(around?.Id ?? "", hook, lint);
        _planned[moment] = new PlannedHook(
            hook.Name, _planned.TryGetValue(moment, out var before) ? [.. before.Statements.Zip(result.Statements, Add)] : result.Statements);
        return result with { Findings = [.. result.Findings.Where(f => _told.Add((f.Script, f.Statement, f.Rule)))] };
    }

    private static PlannedStatement Add(PlannedStatement one, PlannedStatement next) => next with
    {
        Rows = one.Rows + next.Rows,
        IsSkipped = one.IsSkipped && next.IsSkipped,
        RebuildsTable = one.RebuildsTable || next.RebuildsTable,
    };

    /// <summary>Within a migration's transaction the history is there, with a row for each migration before it: which ones is not followed.</summary>
    private void MakeHistory()
    {
        if (SchemaHistory.Read(shadow.Connection) is var history && !SchemaHistory.IsComplete(history))
        {
            SchemaHistory.Ensure(shadow.Connection, history);
            shadow.Synchronise();
        }

        if (shadow.Tables.TryGetValue(SchemaHistory.Table, out var table))
            shadow.Set(table with { Rows = RowSource.Unknown });
    }
}
