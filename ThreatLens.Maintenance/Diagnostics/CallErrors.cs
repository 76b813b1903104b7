using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>Calls that ended with an error, counted as they end. Thread-safe.</summary>
public sealed class CallErrors(TimeProvider time)
{
    /// <summary>By something that the caller can change: his request, the state of things.</summary>
    public MinuteCounter OfCallers { get; } = new(time);

    /// <summary>By something that the service could not do: the database cannot be used, no room, too much to do. Defects count here too.</summary>
    public MinuteCounter OfService { get; } = new(time);

    /// <summary>By a defect of the service.</summary>
    public MinuteCounter Defects { get; } = new(time);

    /// <summary>Counts one.</summary>
    /// <param name="kind">Its class.</param>
    public void Count(ErrorKind kind)
    {
        switch (kind)
        {
            case ErrorKind.Internal:
                Defects.Add();
                OfService.Add();
                break;
            case ErrorKind.Unavailable or ErrorKind.DataLoss or ErrorKind.ResourceExhausted:
                OfService.Add();
                break;
            case ErrorKind.Cancelled:
                break;
            default:
                OfCallers.Add();
                break;
        }
    }
}
