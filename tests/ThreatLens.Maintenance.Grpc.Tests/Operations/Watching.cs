using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Operations;

/// <summary>Follows operations.</summary>
internal static class Watching
{
    public static async Task<List<Operation>> WatchAllAsync(this RunningService service, string id, long after = 0)
    {
        using var call = service.Maintenance.WatchOperation(new WatchOperationRequest { OperationId = id, AfterSequence = after });
        var seen = new List<Operation>();
        while (await Eventually.WithinLimitAsync(call.ResponseStream.MoveNext(CancellationToken.None), $"the end of {id}"))
            seen.Add(call.ResponseStream.Current.Operation);
        return seen;
    }

    /// <summary>Waits for the end, which every stream that is not broken ends with.</summary>
    public static async Task<Operation> WatchToEndAsync(this RunningService service, string id)
    {
        var last = (await service.WatchAllAsync(id))[^1];
        Assert.NotNull(last.EndTime);
        return last;
    }

    /// <summary>Waits until the operation runs and has begun its work.</summary>
    public static async Task<Operation> WatchUntilAsync(this RunningService service, string id, Func<Operation, bool> isRight)
    {
        using var call = service.Maintenance.WatchOperation(new WatchOperationRequest { OperationId = id });
        while (await Eventually.WithinLimitAsync(call.ResponseStream.MoveNext(CancellationToken.None), $"progress of {id}"))
        {
            if (isRight(call.ResponseStream.Current.Operation))
                return call.ResponseStream.Current.Operation;
        }

        throw new InvalidOperationException($"{id} ended first.");
    }

    public static async Task<Operation> GetOperationAsync(this RunningService service, string id) =>
        (await service.Maintenance.GetOperationAsync(new GetOperationRequest { OperationId = id })).Operation;
}
