using System.Reflection;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Testing.Processes;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Errors;

public sealed class ErrorReasonsTests
{
    [Fact]
    public void Reasons_all_are_upper_snake_unique_and_documented()
    {
        var reasons = typeof(ErrorReasons).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.Name != nameof(ErrorReasons.Domain)).Select(f => (string)f.GetRawConstantValue()!).ToList();
        var documented = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

        Assert.All(reasons, reason => Assert.Matches("^[A-Z]+(_[A-Z]+)*$", reason));
        Assert.Equal(reasons.Count, reasons.Distinct().Count());
        Assert.All(reasons, reason => Assert.Contains($"| `{reason}` |", documented, StringComparison.Ordinal));
    }
}
