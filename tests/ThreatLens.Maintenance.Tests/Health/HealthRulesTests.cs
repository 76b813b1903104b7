using System.Text.RegularExpressions;
using ThreatLens.Maintenance.Health;
using ThreatLens.Testing.Processes;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Health;

/// <summary>The rules are those that the operator can read about.</summary>
public sealed partial class HealthRulesTests
{
    [Fact]
    public void All_are_documented_and_nothing_else_is()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));
        var section = text[text.IndexOf("## Findings of the health report", StringComparison.Ordinal)..];
        section = section[..section.IndexOf("\n## ", 5, StringComparison.Ordinal)];

        Assert.Equal(HealthRules.All.Select(r => r.Id).Order(), Row().Matches(section).Select(m => m.Groups[1].Value).Order());
    }

    [Fact]
    public void All_have_ids_of_their_own_and_a_remedy()
    {
        Assert.Distinct(HealthRules.All.Select(r => r.Id));
        Assert.All(HealthRules.All, r => Assert.Matches("^[a-z_]+[.][a-z_]+$", r.Id));
        Assert.All(HealthRules.All, r => Assert.True(r.Remedy.Length > 0 && r.Command.Length > 0 == r.Rpc.Length > 0));
    }

    [GeneratedRegex(@"^\| `([a-z_.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
