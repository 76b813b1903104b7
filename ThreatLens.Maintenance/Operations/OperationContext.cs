namespace ThreatLens.Maintenance.Operations;

/// <summary>What an operation's work knows of the operation it runs in.</summary>
public sealed class OperationContext
{
    private readonly RunningOperation _running;

    internal OperationContext(RunningOperation running) => _running = running;

    /// <summary>Identifier of the operation.</summary>
    public string OperationId => _running.Current.Id;

    /// <summary>Who asked for it.</summary>
    public OperationCaller Caller => _running.Current.Caller;

    /// <summary>Cancelled when somebody asks the operation to stop; look at it at safe points only.</summary>
    public CancellationToken CancellationToken => _running.Cancellation.Token;

    /// <summary>Publishes how far the work is. Cheap: watchers get the latest snapshot, not every one.</summary>
    /// <param name="message">What is being done, for people.</param>
    /// <param name="completed">Units done.</param>
    /// <param name="total">Units in all; 0 while unknown.</param>
    /// <param name="unit">What a unit is.</param>
    /// <param name="remaining">How long it will still take; null: unknown.</param>
    public void Report(string message, long completed, long total, string unit, TimeSpan? remaining = null) => _running.Report(message, completed, total, unit, remaining);
}
