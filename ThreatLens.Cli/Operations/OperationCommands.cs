using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary>The verbs for one operation: <c>get</c>, <c>watch</c>, <c>cancel</c>.</summary>
internal static class OperationCommands
{
    public static Command Get(ConnectionOptions connection) => Create(connection, "get", "Shows one operation.", GetAsync);

    public static Command Watch(ConnectionOptions connection) => Create(
        connection, "watch", "Follows an operation until it ends. Exit code 0 when it succeeded, 1 when not; 3 when interrupted.", WatchAsync);

    public static Command Cancel(ConnectionOptions connection) => Create(
        connection, "cancel", "Asks an operation to stop at its next safe point; does not wait for it.", CancelAsync);

    private static Command Create(
        ConnectionOptions connection, string name, string description, Func<Session, string, CancellationToken, Task<ExitCode>> run)
    {
        var id = new Argument<string>("id") { Description = "The operation's id, as `threatlens operations` lists it." };
        var command = new Command(name, description) { id };
        command.SetAction(connection.Action((session, parsed, cancellationToken) =>
            run(session, parsed.GetRequiredValue(id), cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> GetAsync(Session session, string id, CancellationToken cancellationToken)
    {
        var response = await session.Client.GetOperationAsync(
            new GetOperationRequest { OperationId = id }, session.Soon(cancellationToken));
        session.Screen.Show(response, () => OperationView.Details(response.Operation));
        return ExitCode.Done;
    }

    private static async Task<ExitCode> WatchAsync(Session session, string id, CancellationToken cancellationToken)
    {
        // Also tells an unknown id apart from a service that went away.
        var current = await session.Client.GetOperationAsync(
            new GetOperationRequest { OperationId = id }, session.Soon(cancellationToken));
        var live = session.Screen.IsLive && session.Screen.ShowsProgress;
        var ended = await new OperationWait(session).FollowAsync(
            current.Operation, limit: null, cancellationToken, live ? null : snapshot => Show(session, snapshot));

        if (current.Operation.HasEnded())
            Show(session, current.Operation);
        if (live)
            session.Screen.Show(new WatchOperationResponse { Operation = ended.Operation }, () => OperationView.Details(ended.Operation));
        return ended.Report(session.Screen);
    }

    private static void Show(Session session, Operation snapshot) =>
        session.Screen.Show(new WatchOperationResponse { Operation = snapshot }, () => OperationView.Snapshot(snapshot));

    private static async Task<ExitCode> CancelAsync(Session session, string id, CancellationToken cancellationToken)
    {
        var response = await session.Client.CancelOperationAsync(
            new CancelOperationRequest { OperationId = id }, session.Soon(cancellationToken));
        session.Screen.Show(response, () => OperationView.Table([response.Operation]));
        return ExitCode.Done;
    }
}
