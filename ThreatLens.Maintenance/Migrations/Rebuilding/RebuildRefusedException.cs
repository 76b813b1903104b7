namespace ThreatLens.Maintenance.Migrations.Rebuilding;

/// <summary>A table cannot be built anew as asked. Whoever runs the statement says which one it was; see <see cref="MigrationFailure"/>.</summary>
/// <param name="problem">Why, as a clause.</param>
internal sealed class RebuildRefusedException(string problem) : Exception(problem)
{
    /// <summary>What stands in the way: "view slow", "trigger flag"; empty when it is something else.</summary>
    public IReadOnlyList<string> InTheWay { get; init; } = [];
}
