namespace ThreatLens.Maintenance.Client.Ingestion.Spooling;

/// <summary>A sender's spool cannot be opened: another process uses it, or the directory cannot be written. The message says what to change.</summary>
/// <param name="message">What is wrong and what to change.</param>
/// <param name="innerException">What the operating system said.</param>
public sealed class MetricSpoolException(string message, Exception innerException) : IOException(message, innerException)
{
    private const int DiskFullOnUnix = 28;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    /// <summary>Whether the disk has no room for the spool's first files.</summary>
    public bool IsDiskFull => InnerException?.HResult is DiskFullOnUnix or DiskFullOnWindows;
}
