using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Migrations;

/// <summary>What migrate and rollback take about plans.</summary>
internal sealed class PlanOptions
{
    private readonly Option<bool> _plan = new("--plan")
    {
        Description = "Only shows what it would do, with the etag that --etag takes. Exit code 3 when it would be refused or the rehearsal does not pass.",
    };

    private readonly Option<bool> _rehearse = new("--rehearse") { Description = "With --plan: also runs it on a copy, there and back and there again, and measures it." };

    private readonly Option<string> _etag = new("--etag")
    {
        Description = "Runs only if the plan with this etag still holds.",
        HelpName = "ETAG",
        DefaultValueFactory = _ => string.Empty,
    };

    private readonly Option<string[]> _allow = new("--allow")
    {
        Description = "Lint rules that may be broken, by name, as the plan shows them.",
        HelpName = "RULE",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_plan);
        command.Options.Add(_rehearse);
        command.Options.Add(_etag);
        command.Options.Add(_allow);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_rehearse) && !result.GetValue(_plan))
                result.AddError("--rehearse goes with --plan.");
        });
    }

    public bool IsPlan(ParseResult parsed) => parsed.GetValue(_plan);

    public bool Rehearses(ParseResult parsed) => parsed.GetValue(_rehearse);

    public string Etag(ParseResult parsed) => parsed.GetValue(_etag) ?? string.Empty;

    /// <summary>The names, also several in one word with commas between them.</summary>
    public IEnumerable<string> Allowed(ParseResult parsed) =>
        (parsed.GetValue(_allow) ?? []).SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Whether a plan could run as it is, as far as it tells.</summary>
    public static ExitCode CodeOf(MigrationPlan plan) =>
        plan.Findings.Any(finding => finding.Error) || plan.Rehearsal is { Passed: false } || plan.RequiredFreeBytes > plan.AvailableFreeBytes ? ExitCode.No : ExitCode.Done;
}
