using Spectre.Console;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Output;

/// <summary>Colours, each with one meaning. The words beside them say the same.</summary>
internal static class Styles
{
    public static readonly Style Plain = Style.Plain;
    public static readonly Style Header = new(decoration: Decoration.Bold);
    public static readonly Style Faint = new(Color.Grey);
    public static readonly Style Good = new(Color.Green);
    public static readonly Style Attention = new(Color.Yellow);
    public static readonly Style Bad = new(Color.Red, decoration: Decoration.Bold);
    public static readonly Style Busy = new(Color.Aqua);

    public static Style Of(HealthStatus status) => status switch
    {
        HealthStatus.Ok => Good,
        HealthStatus.Critical => Bad,
        _ => Attention,
    };

    public static Style Of(OperationState state) => state switch
    {
        OperationState.Succeeded => Good,
        OperationState.Failed or OperationState.Interrupted => Bad,
        OperationState.Cancelled or OperationState.Cancelling => Attention,
        _ => Busy,
    };

    public static Style Of(MigrationState state) => state switch
    {
        MigrationState.Applied => Good,
        MigrationState.Pending => Attention,
        MigrationState.Changed or MigrationState.Unknown => Bad,
        _ => Faint,
    };
}
