using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Planning;

namespace ThreatLens.Maintenance.Migrations.Linting;

/// <summary>Looks at a script for statements that destroy or endanger something on this very database.</summary>
/// <param name="allowed">What the request allows.</param>
/// <param name="options">From how many rows a table is large.</param>
/// <param name="isDown">Whether it is a down script: what that loses is confirmed by a number, so the rules about losing data only tell.</param>
internal sealed class ScriptLint(AllowedRules allowed, MigrationOptions options, bool isDown)
{
    /// <summary>Whether it looks at hooks: what they break is told, and nobody is asked to allow it. Default false.</summary>
    public bool IsOfHooks { get; init; }

    /// <summary>Whether a script has a statement that a rule could be about, or that loses something; others need no look at the database.</summary>
    public static bool NeedsLook(MigrationScript script, bool isDown) => script.Statements.Any(s => s.RebuildsTable || s.Action switch
    {
        StatementAction.TransactionControl or StatementAction.Savepoint or StatementAction.Pragma => script.IsTransactional,
        StatementAction.DropTable or StatementAction.DropColumn or StatementAction.Delete => true,
        StatementAction.Update => isDown,
        StatementAction.AddColumn => SqlLexer.Read(s.Sql).Any(t => t.Is("NOT")),
        StatementAction.Insert => s.Sql.Contains("SELECT", StringComparison.OrdinalIgnoreCase),
        _ => false,
    });

    /// <summary>What there is to say about a script that has run on the shadow.</summary>
    public IReadOnlyList<LintFinding> Look(
        string version, MigrationScript script, ScriptForecast forecast, IReadOnlyDictionary<int, TableState> copies, RowForecast rows, IReadOnlyDictionary<string, TableState> end)
    {
        var look = new ScriptLook(forecast.Start, end, copies, rows, options);
        var rules = allowed.With(script);
        var found = forecast.Effects.SelectMany(effect => Control(script, effect).Concat(look.At(effect)).Select(f => (effect.Statement, Finding: f)));
        return
        [
            .. found.Select(f => new LintFinding(
                f.Finding.Rule, version, script.Name, f.Statement.Number, f.Statement.Line, f.Finding.Message, IsError(f.Finding, rules))
            {
                CanBeAllowed = f.Finding.CanBeAllowed,
            }),
        ];
    }

    private bool IsError(RuleBreach breach, AllowedRules rules) =>
        breach.IsError
        && (!IsOfHooks || breach.Rule == LintRules.DoesNotRun)
        && (!breach.CanBeAllowed || !rules.Contains(breach.Rule))
        && !(isDown && LintRules.OfDestructive.Contains(breach.Rule));

    private static IEnumerable<RuleBreach> Control(MigrationScript script, StatementEffect effect)
    {
        var word = effect.Statement.Excerpt.Split(' ', ';')[0].ToUpperInvariant();
        if (script.IsTransactional && effect.Statement.Action == StatementAction.Pragma)
            yield return new RuleBreach(LintRules.Pragma, "a PRAGMA outlives the migration, or does nothing within its transaction");
        if (script.IsTransactional && effect.Statement.Action == StatementAction.Savepoint)
            yield return new RuleBreach(LintRules.TransactionControl, $"{word} steers the transaction, which is the engine's");
        if (script.IsTransactional && effect.Statement.Action == StatementAction.TransactionControl)
        {
            var why = word is "VACUUM" or "ATTACH" or "DETACH"
                ? $"cannot run within a transaction; only the script itself can allow it, with '-- threatlens: {ScriptDirective.NoTransaction}'"
                : "begins or ends a transaction, which is the engine's; take it out";
            yield return new RuleBreach(LintRules.TransactionControl, $"{word} {why}")
            {
                CanBeAllowed = false,
            };
        }

        if (effect.Error is { } error)
            yield return new RuleBreach(LintRules.DoesNotRun, error) { CanBeAllowed = false };
    }
}

/// <summary>A rule that a statement breaks.</summary>
internal sealed record RuleBreach(string Rule, string Message)
{
    /// <summary>Whether it stops the migration unless it is allowed. Default true.</summary>
    public bool IsError { get; init; } = true;

    /// <summary>Whether a script or a request can allow it by name. Default true.</summary>
    public bool CanBeAllowed { get; init; } = true;
}
