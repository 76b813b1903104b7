using Grpc.Core;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.Client;

namespace ThreatLens.Cli.CommandLine;

/// <summary>Tells people why something failed and what they can do, and scripts which kind of failure it was.</summary>
internal static class Failures
{
    /// <summary>Writes a failure to standard error.</summary>
    /// <param name="screen">Where to.</param>
    /// <param name="failure">The failed call.</param>
    /// <param name="address">What was called.</param>
    /// <returns>The exit code it is worth.</returns>
    public static ExitCode Report(Screen screen, MaintenanceFailure failure, Uri address)
    {
        var code = CodeOf(failure);
        if (failure.IsFromService || code != ExitCode.Unreachable)
        {
            Write(screen, failure);
            return code;
        }

        screen.Complain($"the maintenance service at {address} does not answer ({failure.Code}: {failure.Message})");
        screen.Note("Is it running, and is this its gRPC endpoint? Name another with --address or THREATLENS_ADDRESS.");
        return code;
    }

    /// <summary>Writes what the service said to standard error: message, reason, fields, what stands in the way, the operation.</summary>
    public static void Write(Screen screen, MaintenanceFailure failure)
    {
        screen.Complain(failure.Message);
        var facts = new Facts().Add("  reason", failure.IsFromService ? failure.Reason : failure.Code.ToString());
        foreach (var (field, description) in failure.FieldViolations)
            facts.Add("  field", failure.Message.Contains(description, StringComparison.Ordinal) ? field : $"{field}: {description}");
        foreach (var (subject, description) in failure.Preconditions)
            facts.Add("  first", failure.Message.Contains(description, StringComparison.Ordinal) ? subject : $"{subject}: {description}");
        foreach (var (key, value) in failure.Metadata)
            facts.Add("  " + key, value);
        facts.Add("  operation", failure.OperationId);
        facts.Add("  try again", failure.RetryDelay is { } delay ? $"in {Words.Of(delay)}" : string.Empty);
        screen.Explain(facts.Build());
        if (WayOn(failure) is { } option)
            screen.Note($"If that is meant so, add: {option}");
    }

    /// <summary>The option that confirms what was refused for safety's sake; null where there is none.</summary>
    private static string? WayOn(MaintenanceFailure failure) => failure.Reason switch
    {
        "VALUES_WOULD_BE_LOST" => $"--max-values-lost {failure.Metadata.GetValueOrDefault("valuesLost")}",
        "ROWS_WOULD_BE_LOST" => $"--max-rows-lost {failure.Metadata.GetValueOrDefault("rowsLost")}",
        "LINT_FAILED" when failure.Metadata.GetValueOrDefault("allowable") is { Length: > 0 } rules => $"--allow {rules}",
        _ => null,
    };

    /// <summary>What a failed operation is worth: the service was reached, so it is either the request's fault or not.</summary>
    public static ExitCode CodeOfOperation(MaintenanceFailure failure) =>
        failure.Code == StatusCode.InvalidArgument ? ExitCode.WrongUsage : ExitCode.Failed;

    private static ExitCode CodeOf(MaintenanceFailure failure) => failure.Code switch
    {
        StatusCode.InvalidArgument => ExitCode.WrongUsage,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.PermissionDenied or StatusCode.Unauthenticated =>
            ExitCode.Unreachable,
        // Something answers there, but it is not a maintenance service.
        StatusCode.Unimplemented or StatusCode.Internal when !failure.IsFromService => ExitCode.Unreachable,
        _ => ExitCode.Failed,
    };
}
