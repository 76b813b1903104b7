using System.Globalization;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Linting;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Refuses what a plan shows to be too dangerous, with everything that is needed to mend it or to confirm it.</summary>
internal static class PlanRefusal
{
    // Errors travel in headers, which have a limit.
    private const int MostListed = 20;

    /// <summary>Refuses what the linter objects to.</summary>
    /// <exception cref="MaintenanceException">LINT_FAILED.</exception>
    public static void OfLint(IEnumerable<LintFinding> findings)
    {
        // What does not run fails by itself, and says then what of it was rolled back.
        var errors = findings.Where(f => f.IsError && f.Rule != LintRules.DoesNotRun).ToList();
        if (errors.Count == 0)
            return;
        var first = errors[0];
        var more = errors.Count == 1 ? "" : FormattableString.Invariant($" ({errors.Count - 1} more in the metadata)");
        throw new MaintenanceException(
            ErrorKind.FailedPrecondition, ErrorReasons.LintFailed, $"{first}{more}. Change the script, or allow the rule by name in the script or the request. Nothing of {first.Version} was run.")
        {
            Metadata = new Dictionary<string, string>
            {
                ["version"] = first.Version,
                ["script"] = first.Script,
                ["statement"] = first.Statement.ToString(CultureInfo.InvariantCulture),
                ["line"] = first.Line.ToString(CultureInfo.InvariantCulture),
                ["rule"] = first.Rule,
                ["rules"] = string.Join(", ", errors.Select(e => e.Rule).Distinct(StringComparer.Ordinal)),
                ["allowable"] = string.Join(',', errors.Where(e => e.CanBeAllowed).Select(e => e.Rule).Distinct(StringComparer.Ordinal)),
                ["findings"] = Listed([.. errors.Select(e => e.ToString())]),
            },
        };
    }

    /// <summary>Refuses a rollback that loses more than its caller is ready to lose.</summary>
    /// <param name="losses">What it loses.</param>
    /// <param name="lost">What it has lost already.</param>
    /// <param name="bound">What it may lose in all; null: nothing.</param>
    /// <exception cref="MaintenanceException">VALUES_WOULD_BE_LOST.</exception>
    public static void OfLoss(IReadOnlyList<ValueLoss> losses, long lost, long? bound)
    {
        var total = lost + losses.Sum(l => l.Values);
        if (total <= (bound ?? 0))
            return;
        var values = total.ToString(CultureInfo.InvariantCulture);
        var listed = Listed(ValueLoss.Describe(losses));
        throw new MaintenanceException(
            ErrorKind.FailedPrecondition, ErrorReasons.ValuesWouldBeLost,
            $"The rollback would lose {values} values ({listed}); confirm with max_values_lost of at least {values}. Nothing was changed.")
        {
            Field = "max_values_lost",
            Metadata = new Dictionary<string, string> { ["valuesLost"] = values, ["losses"] = Listed([.. losses.Select(l => l.ToString())]) },
        };
    }

    private static string Listed(IReadOnlyList<string> lines) =>
        string.Join("; ", lines.Take(MostListed)) + (lines.Count > MostListed ? FormattableString.Invariant($"; and {lines.Count - MostListed} more") : "");
}
