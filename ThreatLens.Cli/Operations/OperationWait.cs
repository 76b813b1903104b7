using Google.Protobuf;
using Grpc.Core;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary>Waits for the end of an operation and shows its progress meanwhile.</summary>
internal sealed class OperationWait(Session session)
{
    /// <summary>How often the watch is taken up again when the service goes away, as it does when it is restarted.</summary>
    private const int Reconnects = 10;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    /// <summary>Follows an operation until it ends, the time is up, or the user interrupts. The operation goes on in the last two.</summary>
    /// <param name="operation">The operation as it was started.</param>
    /// <param name="limit">Longest wait; null: until it ends; zero: no wait at all.</param>
    /// <param name="cancellationToken">The user's Ctrl+C.</param>
    /// <param name="onSnapshot">Gets every snapshot; null: progress is shown where somebody can watch it.</param>
    public async Task<WaitEnd> FollowAsync(
        Operation operation, TimeSpan? limit, CancellationToken cancellationToken, Action<Operation>? onSnapshot = null)
    {
        if (operation.HasEnded() || limit == TimeSpan.Zero)
            return new WaitEnd(operation, operation.HasEnded() ? WaitEndReason.Ended : WaitEndReason.NotWaited);

        using var timeUp = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan, session.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeUp.Token);
        var latest = operation;
        try
        {
            await ProgressView.WhileAsync(session.Screen, onSnapshot is null, operation, show => WatchAsync(
                operation.Id,
                snapshot =>
                {
                    latest = snapshot;
                    show(snapshot);
                    onSnapshot?.Invoke(snapshot);
                },
                stop.Token));
            return new WaitEnd(latest, WaitEndReason.Ended);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new WaitEnd(latest, cancellationToken.IsCancellationRequested ? WaitEndReason.Interrupted : WaitEndReason.TimeUp);
        }
    }

    /// <summary>Follows an operation and shows what its call would have answered, had it waited.</summary>
    /// <param name="operation">The operation as it was started.</param>
    /// <param name="limit">Longest wait; null: until it ends; zero: no wait at all.</param>
    /// <param name="answer">Makes the answer of the operation as it was last seen.</param>
    /// <param name="cancellationToken">The user's Ctrl+C.</param>
    /// <param name="saysNo">Whether the answer of an operation that succeeded is "no"; null: it never is.</param>
    /// <returns>The exit code.</returns>
    public async Task<ExitCode> FinishAsync(
        Operation operation, TimeSpan? limit, Func<Operation, IMessage> answer, CancellationToken cancellationToken, Func<Operation, bool>? saysNo = null)
    {
        var ended = await FollowAsync(operation, limit, cancellationToken);
        session.Screen.Show(answer(ended.Operation), () => OperationView.Outcome(ended.Operation));
        var code = ended.Report(session.Screen);
        return code == ExitCode.Done && saysNo?.Invoke(ended.Operation) is true ? ExitCode.No : code;
    }

    private async Task WatchAsync(string id, Action<Operation> onSnapshot, CancellationToken cancellationToken)
    {
        long sequence = 0;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var request = new WatchOperationRequest { OperationId = id, AfterSequence = sequence };
                using var call = session.Client.WatchOperation(request, cancellationToken: cancellationToken);
                await foreach (var message in Session.ReadAsync(call, cancellationToken))
                {
                    onSnapshot(message.Operation);
                    if (message.Operation.HasEnded())
                        return;
                    sequence = message.Operation.Progress?.Sequence ?? sequence;
                    attempt = 0;
                }
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unavailable && attempt < Reconnects)
            {
            }

            // After a restart the numbers may start anew.
            sequence = 0;
            await Task.Delay(ReconnectDelay, session.Time, cancellationToken);
        }
    }
}
