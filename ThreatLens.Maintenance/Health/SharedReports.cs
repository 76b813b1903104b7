using System.Diagnostics;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Health;

/// <summary>One computation of the report for all who want one at about the same time. Thread-safe.</summary>
public sealed class SharedReports(HealthReporter reporter, TimeProvider time)
{
    private readonly Lock _lock = new();
    private Computation? _running;
    private Task<HealthReport>? _next;
    private (HealthReport Report, long BegunAt)? _last;

    /// <summary>The newest full report; null: none yet.</summary>
    public HealthReport? Last
    {
        get
        {
            lock (_lock)
                return _last?.Report;
        }
    }

    /// <summary>What can be said before there is one.</summary>
    public HealthReport NotYet() => reporter.NotYet();

    /// <summary>A full report whose making began no longer ago than that; a new one, shared with whoever else waits for one, if there is none.</summary>
    /// <param name="maxAge">Zero: it begins after this call.</param>
    public Task<HealthReport> GetAsync(TimeSpan maxAge)
    {
        lock (_lock)
        {
            if (_last is var (report, begunAt) && maxAge > TimeSpan.Zero && time.GetElapsedTime(begunAt) <= maxAge)
                return Task.FromResult(report);
            if (_running is null)
                return Begin();
            if (maxAge > TimeSpan.Zero && time.GetElapsedTime(_running.BegunAt) <= maxAge)
                return _running.Report;
            return _next ??= AfterAsync(_running.Report);
        }
    }

    private async Task<HealthReport> AfterAsync(Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<HealthReport> report;
        lock (_lock)
        {
            _next = null;
            report = _running is null ? Begin() : _running.Report;
        }

        return await report.ConfigureAwait(false);
    }

    /// <summary>In the lock. The computation is nobody's in particular: neither a caller's trace nor his giving up have to do with it.</summary>
    private Task<HealthReport> Begin()
    {
        var begunAt = time.GetTimestamp();
        var caller = Activity.Current;
        Activity.Current = null;
        var report = Task.Run(() => Compute(begunAt));
        Activity.Current = caller;
        _running = new Computation(report, begunAt);
        return report;
    }

    private HealthReport Compute(long begunAt)
    {
        try
        {
            using var span = MaintenanceDiagnostics.ActivitySource.StartActivity("HealthReport");
            var report = reporter.Report([], CancellationToken.None);
            lock (_lock)
                _last = (report, begunAt);
            return report;
        }
        finally
        {
            lock (_lock)
                _running = null;
        }
    }

    private sealed record Computation(Task<HealthReport> Report, long BegunAt);
}
