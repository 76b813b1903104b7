using ThreatLens.Maintenance.Errors;
using Xunit;

namespace ThreatLens.Maintenance.Tests;

/// <summary>Assertions on the errors that callers act on.</summary>
internal static class Expect
{
    /// <summary>The call fails with this kind and reason.</summary>
    public static MaintenanceException Failure(ErrorKind kind, string reason, Action call)
    {
        var error = Assert.Throws<MaintenanceException>(call);
        Assert.Equal((kind, reason), (error.Kind, error.Reason));
        return error;
    }

    /// <summary>The call is refused because of the state of the database.</summary>
    public static MaintenanceException Refusal(string reason, Action call) => Failure(ErrorKind.FailedPrecondition, reason, call);

    /// <summary>The call is refused because of a field, which is named.</summary>
    public static MaintenanceException BadField(string field, Action call)
    {
        var error = Assert.Throws<MaintenanceException>(call);
        Assert.Equal((ErrorKind.InvalidArgument, field), (error.Kind, error.Field));
        Assert.Contains(field, error.Message, StringComparison.Ordinal);
        return error;
    }
}
