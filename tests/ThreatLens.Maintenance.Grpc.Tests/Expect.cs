using Google.Rpc;
using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests;

/// <summary>Assertions on the errors that callers get: the code, the reason, the domain, and the details that go with the code.</summary>
internal static class Expect
{
    /// <summary>The call fails with this code and reason.</summary>
    public static async Task<RpcError> ErrorAsync(StatusCode code, string reason, Func<Task> call) => Error(code, reason, await Assert.ThrowsAsync<RpcException>(call));

    /// <summary>The error has this code and reason, and its details are complete.</summary>
    public static RpcError Error(StatusCode code, string reason, RpcException e)
    {
        var error = RpcError.Of(e);
        Assert.True((code, reason) == (error.Code, error.Reason), $"Expected {code} {reason}, got {error}");
        Assert.Equal(ErrorReasons.Domain, error.Domain);
        Assert.NotEqual("", error.Message);
        if (code == StatusCode.FailedPrecondition)
            Assert.Equal(reason, error.Precondition);
        return error;
    }

    /// <summary>The call is refused because of a field, which is named.</summary>
    public static async Task<RpcError> BadFieldAsync(string field, Func<Task> call, string reason = ErrorReasons.InvalidArgument)
    {
        var error = await ErrorAsync(StatusCode.InvalidArgument, reason, call);
        Assert.Equal(field, error.Field);
        return error;
    }

    /// <summary>The call is refused because this version does not fill what it asks for, which is named.</summary>
    public static async Task NotImplementedAsync(string feature, Func<Task> call)
    {
        var error = await ErrorAsync(StatusCode.Unimplemented, ErrorReasons.NotImplemented, call);
        Assert.Equal(feature, error.Metadata["feature"]);
        Assert.Contains(feature, error.Message, StringComparison.Ordinal);
    }
}

/// <summary>A gRPC error with what its google.rpc.Status carries.</summary>
internal sealed record RpcError(StatusCode Code, string Domain, string Reason, string Message, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The one field at fault; empty when none is named.</summary>
    public string Field { get; private init; } = "";

    /// <summary>Type of the precondition violated; empty when there is none.</summary>
    public string Precondition { get; private init; } = "";

    /// <summary>When a retry can help; null: it cannot.</summary>
    public TimeSpan? RetryDelay { get; private init; }

    /// <summary>The operation that failed or stands in the way; empty when there is none.</summary>
    public string OperationId => Metadata.GetValueOrDefault("operationId", "");

    public static RpcError Of(RpcException e)
    {
        var status = e.GetRpcStatus();
        var info = status?.GetDetail<ErrorInfo>();
        var fields = status?.GetDetail<BadRequest>()?.FieldViolations;
        var text = e.Status.Detail + (e.Status.DebugException is { } cause ? " " + cause.Message : "");
        return new RpcError(e.StatusCode, info?.Domain ?? "", info?.Reason ?? "", text, info?.Metadata ?? (IReadOnlyDictionary<string, string>)new Dictionary<string, string>())
        {
            Field = fields is null ? "" : Assert.Single(fields).Field,
            Precondition = status?.GetDetail<PreconditionFailure>()?.Violations[0].Type ?? "",
            RetryDelay = status?.GetDetail<RetryInfo>()?.RetryDelay.ToTimeSpan(),
        };
    }
}
