using Microsoft.Extensions.Time.Testing;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>A clock that the test turns, and that knows whether anybody waits for it: it is not to run away while something is on its way. Thread-safe.</summary>
internal sealed class TurnedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _awaited;

    /// <summary>Whether there is a timer that has not fired.</summary>
    public bool IsAwaited => Volatile.Read(ref _awaited) > 0;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state, dueTime, period);
        timer.Start(base.CreateTimer(timer.Fire, null, dueTime, period));
        return timer;
    }

    private sealed class Timer : ITimer
    {
        private readonly TurnedClock _clock;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private TimeSpan _period;
        private ITimer? _inner;
        private int _isAwaited;

        public Timer(TurnedClock clock, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_clock, _callback, _state, _period) = (clock, callback, state, period);
            SetAwaited(dueTime != Timeout.InfiniteTimeSpan);
        }

        public void Start(ITimer inner) => _inner = inner;

        public void Fire(object? state)
        {
            if (_period == Timeout.InfiniteTimeSpan || _period == TimeSpan.Zero)
                SetAwaited(false);
            _callback(_state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            SetAwaited(dueTime != Timeout.InfiniteTimeSpan);
            return _inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            SetAwaited(false);
            _inner?.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void SetAwaited(bool isAwaited)
        {
            if (Interlocked.Exchange(ref _isAwaited, isAwaited ? 1 : 0) is var was && was != (isAwaited ? 1 : 0))
                Interlocked.Add(ref _clock._awaited, isAwaited ? 1 : -1);
        }
    }
}
