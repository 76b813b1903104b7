using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using ThreatLens.Cli.CommandLine;

namespace ThreatLens.Cli.Operations;

/// <summary>What all commands that start an operation take.</summary>
internal sealed class WaitOptions
{
    /// <summary>
    /// What the RPC is told: it is to answer at once with the operation's id. The command line follows the operation by itself, so that
    /// it can show progress and, interrupted, say which operation goes on.
    /// </summary>
    public static readonly Duration AtOnce = new();

    private readonly Option<TimeSpan?> _waitTimeout = new("--wait-timeout")
    {
        Description = "How long to wait for the end, 0 to 24h; the operation outlives the wait. 0 starts it and returns (exit code 0); "
            + "not ended after a longer wait is exit code 3. [default: until it ends]",
        HelpName = "DURATION",
        CustomParser = DurationParser.Between(TimeSpan.Zero, TimeSpan.FromHours(24)),
    };

    private readonly Option<string> _requestId = new("--request-id")
    {
        Description = "Makes repeating the command harmless: with the same id it is the same operation. At most 255 characters.",
        HelpName = "ID",
        DefaultValueFactory = _ => string.Empty,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_waitTimeout);
        command.Options.Add(_requestId);
    }

    public TimeSpan? WaitTimeout(ParseResult parsed) => parsed.GetValue(_waitTimeout);

    public string RequestId(ParseResult parsed) => parsed.GetValue(_requestId) ?? string.Empty;
}
