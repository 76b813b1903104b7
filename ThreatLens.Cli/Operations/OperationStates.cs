using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

internal static class OperationStates
{
    /// <summary>Whether nothing more will happen to it.</summary>
    public static bool HasEnded(this Operation operation) =>
        operation.State is OperationState.Succeeded or OperationState.Failed or OperationState.Cancelled or OperationState.Interrupted;
}
