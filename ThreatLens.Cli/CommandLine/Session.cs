using System.Runtime.CompilerServices;
using Grpc.Core;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.CommandLine;

/// <summary>What a command works with.</summary>
/// <param name="Client">The service.</param>
/// <param name="Screen">Where its answers go.</param>
/// <param name="AnswerTime">Longest time a call that does not wait for anything may take.</param>
internal sealed record Session(DatabaseMaintenance.DatabaseMaintenanceClient Client, Screen Screen, TimeSpan AnswerTime)
{
    public TimeProvider Time => TimeProvider.System;

    /// <summary>For calls that answer at once: a service that hangs is as good as unreachable.</summary>
    public CallOptions Soon(CancellationToken cancellationToken) =>
        new(deadline: Time.GetUtcNow().UtcDateTime + AnswerTime, cancellationToken: cancellationToken);

    /// <summary>
    /// The messages of a stream. The headers come first: a stream that never got a connection says so there, and only that it was
    /// cancelled where messages are read.
    /// </summary>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        AsyncServerStreamingCall<T> call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await OrCancelledAsync(call.ResponseHeadersAsync, cancellationToken);
        while (await OrCancelledAsync(call.ResponseStream.MoveNext(cancellationToken), cancellationToken))
            yield return call.ResponseStream.Current;
    }

    /// <summary>A call that is cancelled just as it begins ends with a status, whatever its channel was told to throw.</summary>
    private static async Task<T> OrCancelledAsync<T>(Task<T> step, CancellationToken cancellationToken)
    {
        try
        {
            return await step;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }
}
