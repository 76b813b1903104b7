using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Core;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.Client;

namespace ThreatLens.Cli.CommandLine;

/// <summary>The options that every command has, and the edge where failures become an exit code.</summary>
internal sealed class ConnectionOptions
{
    private const string AddressVariable = "THREATLENS_ADDRESS";
    private const string DefaultAddress = "http://localhost:5301";

    private readonly Option<Uri?> _address = new("--address")
    {
        Description = $"Address of the service's gRPC endpoint. [env: {AddressVariable}]",
        HelpName = "URL",
        Recursive = true,
        CustomParser = ParseAddress,
        DefaultValueFactory = ParseAddress,
    };

    private readonly Option<OutputFormat> _output = new("--output", "-o")
    {
        Description = "table for people; json for programs: the response as protobuf JSON, one document a line.",
        HelpName = "table|json",
        Recursive = true,
        CustomParser = Names.Parser<OutputFormat>(),
    };

    private readonly Option<string?> _caller = new("--caller")
    {
        Description = "Who asks, as recorded with operations. [default: USER@MACHINE]",
        HelpName = "NAME",
        Recursive = true,
    };

    private readonly Option<TimeSpan?> _timeout = new("--timeout")
    {
        Description = "How long the service may take to answer, 0.1s to 10m; waiting for operations is apart. [default: 30s]",
        HelpName = "DURATION",
        Recursive = true,
        CustomParser = DurationParser.Between(TimeSpan.FromSeconds(0.1), TimeSpan.FromMinutes(10)),
    };

    public ConnectionOptions()
    {
        _caller.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name
                && (name.Trim().Length == 0 || name.Length > 255 || name.Any(character => character is < ' ' or > '~')))
                result.AddError("--caller takes 1 to 255 printable ASCII characters.");
        });
    }

    public void AddTo(Command root)
    {
        root.Options.Add(_address);
        root.Options.Add(_output);
        root.Options.Add(_caller);
        root.Options.Add(_timeout);
    }

    /// <summary>Makes an action of what a command does with the service.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> Action(Func<Session, ParseResult, CancellationToken, Task<ExitCode>> command) =>
        async (parsed, cancellationToken) =>
        {
            var address = parsed.GetRequiredValue(_address)!;
            var screen = new Screen(parsed.GetValue(_output));
            var answerTime = parsed.GetValue(_timeout) ?? TimeSpan.FromSeconds(30);
            try
            {
                using var channel = DatabaseMaintenanceChannel.Create(address, parsed.GetValue(_caller), settings =>
                {
                    // Somebody sits in front of it: better an answer in a few seconds than a success in half a minute.
                    settings.Retries = 2;
                    settings.ConnectTimeout = TimeSpan.FromSeconds(3);
                });
                return (int)await command(new Session(channel.Client, screen, answerTime), parsed, cancellationToken);
            }
            catch (Exception exception) when (cancellationToken.IsCancellationRequested
                && exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                screen.Complain("interrupted before the service had answered.");
                return (int)ExitCode.Failed;
            }
            catch (Exception exception) when (exception is OperationCanceledException or RpcException { StatusCode: StatusCode.DeadlineExceeded })
            {
                screen.Complain($"the maintenance service at {address} has not answered within {Words.Of(answerTime)}.");
                screen.Note("A change that was asked for may have begun all the same: see threatlens operations. More time: --timeout.");
                return (int)ExitCode.Unreachable;
            }
            catch (RpcException exception)
            {
                return (int)Failures.Report(screen, MaintenanceFailure.FromException(exception), address);
            }
        };

    private static Uri? ParseAddress(ArgumentResult result)
    {
        var given = result.Tokens.Count > 0 ? result.Tokens[0].Value : null;
        var text = given ?? Environment.GetEnvironmentVariable(AddressVariable) ?? DefaultAddress;
        if (Uri.TryCreate(text, UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps))
            return address;

        var name = given is null ? AddressVariable : "--address";
        result.AddError($"{name} takes an absolute http or https address such as {DefaultAddress}, not '{text}'.");
        return null;
    }
}
