using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Grpc.Access;

/// <summary>Who calls.</summary>
internal static class Callers
{
    private const string Header = "threatlens-caller";
    private const int MaxLength = 255;

    /// <summary>The name the caller claims, else its address. Nobody has proven anything yet.</summary>
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT: the name is too long.</exception>
    public static OperationCaller Of(ServerCallContext context)
    {
        var claimed = context.RequestHeaders.GetValue(Header);
        var name = string.IsNullOrWhiteSpace(claimed) ? context.GetHttpContext().Connection.RemoteIpAddress?.ToString() ?? "local" : claimed.Trim();
        // Cut to length, two callers could become one, and share their request ids.
        return name.Length <= MaxLength
            ? new OperationCaller(name, IsVerified: false)
            : throw MaintenanceException.InvalidArgument(Header, $"has {name.Length} characters; at most {MaxLength} are accepted");
    }
}
