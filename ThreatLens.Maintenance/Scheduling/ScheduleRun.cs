using System.Diagnostics;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>
/// The run of one due time, from its claim to its recorded end: jitter, window, refusals. Used once; whatever happens becomes a record or a line of the log.
/// </summary>
internal sealed class ScheduleRun(
    Schedule schedule, DateTimeOffset due, Func<bool> claim, TimeSpan retryFor, ScheduleStore store, OperationRunner runner, Random random, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);
    private volatile string _waiting = "";
    private volatile string? _operationId;
    private long _openingTicks;

    /// <summary>What it waits for; empty: for nothing.</summary>
    public string Waiting => _waiting;

    /// <summary>When it was due, UTC.</summary>
    public DateTimeOffset Due => due;

    /// <summary>Whether it is the run of a later due time as well: one that passes while it waits for its window.</summary>
    /// <param name="later">The later due time.</param>
    public bool Covers(DateTimeOffset later) => later > due && later.UtcTicks <= Interlocked.Read(ref _openingTicks);

    /// <summary>Runs it. Throws only when it is stopped while it waits; its due time is open then, and the next start takes it up.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (!await TryAsync(claim, stopping).ConfigureAwait(false))
            return;
        await WaitUntilAsync(WithJitter(time.GetUtcNow()), stopping).ConfigureAwait(false);
        if (await WaitForWindowAsync(stopping).ConfigureAwait(false))
            await TryAsync(() => IsPaused() ? Task.FromResult(false) : StartAsync(stopping), stopping).ConfigureAwait(false);
    }

    /// <summary>Never past the end of the window that is open, or of the next one: the run would wait for the one after that.</summary>
    private DateTimeOffset WithJitter(DateTimeOffset now)
    {
        var delay = schedule.Delay(due, random);
        // Half of what is left: a run that begins as the window closes would be stopped at once.
        if (schedule.Window?.OpenFrom(now) is { } opening && schedule.Window.CloseAfter(opening) is { } close && delay > (close - now) / 2)
            delay = random.NextDouble() * (close - now) / 2;
        return now + delay;
    }

    /// <summary>Until it works, is refused for good, or has been refused for too long; false in the latter cases, which are recorded.</summary>
    private async Task<bool> TryAsync(Func<Task<bool>> attempt, CancellationToken stopping)
    {
        var (until, delay) = (time.GetUtcNow() + retryFor, FirstRetry);
        while (true)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (MaintenanceException e) when (!stopping.IsCancellationRequested)
            {
                if (e.Kind is not (ErrorKind.Aborted or ErrorKind.Unavailable) || time.GetUtcNow() + delay > until)
                {
                    Miss(e.Message);
                    return false;
                }

                Wait($"refused, tries again: {e.Message}");
                await WaitUntilAsync(time.GetUtcNow() + delay, stopping).ConfigureAwait(false);
                delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry;
                if (!await WaitForWindowAsync(stopping).ConfigureAwait(false))
                    return false;
            }
        }
    }

    private Task<bool> TryAsync(Func<bool> attempt, CancellationToken stopping) => TryAsync(() => Task.FromResult(attempt()), stopping);

    /// <summary>False, and recorded as missed, when no window comes in the next two weeks.</summary>
    private async Task<bool> WaitForWindowAsync(CancellationToken stopping)
    {
        if (schedule.Window is not { } window)
            return true;
        if (window.OpenFrom(time.GetUtcNow()) is not { } opening)
        {
            Miss($"no window comes: {window}");
            return false;
        }

        if (opening > time.GetUtcNow())
        {
            Interlocked.Exchange(ref _openingTicks, opening.UtcTicks);
            Wait($"for its window, {opening:u}");
        }

        await WaitUntilAsync(opening, stopping).ConfigureAwait(false);
        return true;
    }

    /// <summary>Paused since it was due: settled without a word more than that.</summary>
    private bool IsPaused()
    {
        var isPaused = store.Read().TryGetValue(schedule.Name, out var record) && record.PauseAt(time.GetUtcNow()) is not null;
        if (isPaused)
            store.Settle(schedule, due);
        return isPaused;
    }

    /// <exception cref="MaintenanceException">It was refused: no operation has begun.</exception>
    private async Task<bool> StartAsync(CancellationToken stopping)
    {
        // The operation's span is a root: what fired the schedule is no caller.
        Activity.Current = null;
        _operationId = null;
        var request = new OperationRequest { Caller = new OperationCaller($"schedule:{schedule.Name}", IsVerified: true), Accepted = Begin };
        var end = schedule.Run(request, CancellationToken.None);
        var stoppedByWindow = await StopAtWindowsEndAsync(end, stopping).ConfigureAwait(false);
        try
        {
            var operation = await end.ConfigureAwait(false);
            End(ScheduledOperation.Outcome(operation), ScheduledOperation.Detail(operation), staysOpen: false);
        }
        catch (MaintenanceException e) when (_operationId is not null)
        {
            var isCancelled = e.Kind == ErrorKind.Cancelled;
            End(
                isCancelled ? ScheduleOutcome.Cancelled : ScheduleOutcome.Failed,
                stoppedByWindow ? $"Its window closed. {e.Message}" : e.Message,
                staysOpen: isCancelled && runner.IsStopping);
        }

        return true;
    }

    private void Begin(Operation operation)
    {
        _operationId = operation.Id;
        _waiting = "";
        ScheduleMetrics.Began(schedule.Name, time.GetUtcNow() - due);
        Record(() => store.Began(schedule, operation));
    }

    /// <returns>Whether the window closed before the operation ended.</returns>
    private async Task<bool> StopAtWindowsEndAsync(Task end, CancellationToken stopping)
    {
        if (schedule.Window?.CloseAfter(time.GetUtcNow()) is not { } close)
            return false;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var closed = WaitUntilAsync(close, over.Token);
        var first = await Task.WhenAny(end, closed).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        if (first == end || !closed.IsCompletedSuccessfully || _operationId is not { } id)
            return false;
        try
        {
            runner.Cancel(id);
            return true;
        }
        catch (MaintenanceException)
        {
            // It ended at the same moment.
            return false;
        }
    }

    /// <summary>In steps: a machine that slept, or whose clock is changed, must not oversleep by that.</summary>
    private async Task WaitUntilAsync(DateTimeOffset moment, CancellationToken cancellationToken)
    {
        while (moment - time.GetUtcNow() is { Ticks: > 0 } left)
            await Task.Delay(left < LongestRetry ? left : LongestRetry, time, cancellationToken).ConfigureAwait(false);
    }

    private void Wait(string what)
    {
        _waiting = what;
        Log.Waits(logger, schedule.Name, due, what);
    }

    private void Miss(string reason)
    {
        ScheduleRuns.Miss(schedule, due, ProcessIdentity.Current, reason, store, logger);
    }

    private void End(ScheduleOutcome outcome, string detail, bool staysOpen)
    {
        Log.Ended(logger, schedule.Name, due, _operationId, outcome, detail);
        ScheduleMetrics.Ended(schedule.Name, outcome.ToString().ToLowerInvariant());
        Record(() => store.End(schedule, due, _operationId, outcome, detail, staysOpen));
    }

    private void Record(Action record) => ScheduleRuns.Record(schedule, record, logger);
}
