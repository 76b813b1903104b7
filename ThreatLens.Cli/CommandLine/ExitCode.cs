namespace ThreatLens.Cli.CommandLine;

/// <summary>What the process says when it ends. Scripts rely on the numbers.</summary>
internal enum ExitCode
{
    /// <summary>What was asked for is done.</summary>
    Done = 0,

    /// <summary>It failed.</summary>
    Failed = 1,

    /// <summary>The command line is wrong, or the service found an argument wrong.</summary>
    WrongUsage = 2,

    /// <summary>
    /// The question was answered with "no": migrations are pending, something is not OK, the operation has not ended yet.
    /// </summary>
    No = 3,

    /// <summary>The service could not be reached, or does not serve this caller, or cannot right now.</summary>
    Unreachable = 4,
}
