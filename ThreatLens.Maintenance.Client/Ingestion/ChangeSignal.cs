namespace ThreatLens.Maintenance.Client.Ingestion;

/// <summary>Lets tasks wait until something that a lock guards has become so. All members but <see cref="WaitAsync"/> only within that lock.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource? _changed;

    /// <summary>Whether somebody waits: otherwise there is nothing to raise.</summary>
    public bool IsAwaited => _changed is not null;

    /// <summary>Completes at the next <see cref="Raise"/>.</summary>
    public Task Next => (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Makes all that wait look again.</summary>
    public void Raise()
    {
        _changed?.SetResult();
        _changed = null;
    }

    /// <summary>Completes when the condition holds, which is looked at within the lock.</summary>
    public async Task WaitAsync(Lock guard, Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (guard)
            {
                if (condition())
                    return;
                changed = Next;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }
}
