using System.CommandLine;
using ThreatLens.Cli.CommandLine;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary><c>threatlens operations</c>: lists operations; its verbs read, follow and stop one.</summary>
internal static class OperationsCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var kind = new Option<OperationKind>("--kind")
        {
            Description = $"Only this kind: {string.Join(", ", Names.All<OperationKind>())}.",
            HelpName = "KIND",
            CustomParser = Names.Parser<OperationKind>(),
        };
        var state = new Option<OperationState>("--state")
        {
            Description = $"Only this state: {string.Join(", ", Names.All<OperationState>())}.",
            HelpName = "STATE",
            CustomParser = Names.Parser<OperationState>(),
        };
        var limit = new Option<int>("--limit")
        {
            Description = "The newest N, 1 to 100000.",
            HelpName = "N",
            CustomParser = NumberParser.Between("--limit", 1, 100_000),
            DefaultValueFactory = _ => 20,
        };

        var command = new Command("operations", "Lists what was done to the database, newest first.")
        {
            kind,
            state,
            limit,
            OperationCommands.Get(connection),
            OperationCommands.Watch(connection),
            OperationCommands.Cancel(connection),
        };
        command.SetAction(connection.Action((session, parsed, cancellationToken) => ListAsync(
            session,
            new ListOperationsRequest { Kind = parsed.GetValue(kind), State = parsed.GetValue(state) },
            parsed.GetValue(limit),
            cancellationToken)));
        return command;
    }

    private static async Task<ExitCode> ListAsync(
        Session session, ListOperationsRequest request, int limit, CancellationToken cancellationToken)
    {
        var all = new ListOperationsResponse();
        do
        {
            request.PageSize = Math.Min(Pages.Largest, limit - all.Operations.Count);
            request.PageToken = all.NextPageToken;
            var page = await session.Client.ListOperationsAsync(request, session.Soon(cancellationToken));
            all.Operations.Add(page.Operations);
            all.NextPageToken = page.NextPageToken;
        }
        while (all.NextPageToken.Length > 0 && all.Operations.Count < limit);

        session.Screen.Show(all, () => OperationView.Table(all.Operations));
        if (all.NextPageToken.Length > 0)
            session.Screen.Note($"There are more than these {all.Operations.Count}: see --limit.");
        return ExitCode.Done;
    }
}
