using Grpc.Core;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Grpc.Access;

/// <summary>Who calls.</summary>
internal static class Callers
{
    private const string Header = "threatlens-caller";
    private const int MaxLength = 255;

    /// <summary>The name the caller claims, else its address. Nobody has proven anything yet.</summary>
    public static OperationCaller Of(ServerCallContext context)
    {
        var claimed = context.RequestHeaders.GetValue(Header);
        var name = string.IsNullOrWhiteSpace(claimed) ? context.GetHttpContext().Connection.RemoteIpAddress?.ToString() ?? "local" : claimed.Trim();
        return new OperationCaller(name.Length <= MaxLength ? name : name[..MaxLength], IsVerified: false);
    }
}
