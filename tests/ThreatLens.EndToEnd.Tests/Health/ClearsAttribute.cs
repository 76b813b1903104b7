namespace ThreatLens.EndToEnd.Tests.Health;

/// <summary>The findings whose commands a test follows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ClearsAttribute(params string[] findings) : Attribute
{
    public IReadOnlyList<string> Findings => findings;
}
