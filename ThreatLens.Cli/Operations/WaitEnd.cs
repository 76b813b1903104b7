using ThreatLens.Cli.CommandLine;
using ThreatLens.Cli.Output;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Cli.Operations;

/// <summary>Why a wait ended.</summary>
internal enum WaitEndReason
{
    /// <summary>The operation ended.</summary>
    Ended,

    /// <summary>No wait was asked for.</summary>
    NotWaited,

    /// <summary>The longest wait was over.</summary>
    TimeUp,

    /// <summary>The user pressed Ctrl+C.</summary>
    Interrupted,
}

/// <summary>How a wait ended, with the operation as it was last seen.</summary>
internal sealed record WaitEnd(Operation Operation, WaitEndReason Reason)
{
    /// <summary>Writes to standard error what the user has to know beyond the result.</summary>
    /// <returns>The exit code.</returns>
    public ExitCode Report(Screen screen)
    {
        switch (Reason)
        {
            case WaitEndReason.NotWaited:
                return ExitCode.Done;

            case WaitEndReason.TimeUp:
            case WaitEndReason.Interrupted:
                screen.Note($"Operation {Operation.Id} goes on in the service. Follow it: threatlens operations watch {Operation.Id}");
                screen.Note($"Stop it: threatlens operations cancel {Operation.Id}");
                return ExitCode.No;

            default:
                if (Operation.State == OperationState.Succeeded)
                    return ExitCode.Done;
                if (MaintenanceFailure.FromOperation(Operation) is not { } failure)
                {
                    screen.Complain($"operation {Operation.Id} ended {Names.Of(Operation.State)}.");
                    return ExitCode.Failed;
                }

                Failures.Write(screen, failure);
                return Failures.CodeOfOperation(failure);
        }
    }
}
