using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// Takes the samples of the health report one after another, in the background. Each takes at most a twentieth of the time, however long it takes;
/// after an operation those that it can have changed are taken at once.
/// </summary>
internal sealed class HealthSampling(IEnumerable<IBackgroundSample> samples, SharedReports reports, OperationRunner operations, TimeProvider time, ILogger<HealthSampling> logger) : BackgroundService
{
    private const int Rest = 19;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Dictionary<IBackgroundSample, string> _failures = [];
    private volatile bool _changed;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _wake.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        operations.Ended += Changed;
        try
        {
            await Task.Yield();
            var due = samples.ToDictionary(s => s, _ => time.GetUtcNow());
            // What the first report of a process costs more than others is over when somebody asks for one.
            await ((Task)reports.GetAsync(TimeSpan.Zero)).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (!stoppingToken.IsCancellationRequested)
            {
                await Task.Factory.StartNew(() => TakeDue(due, stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
                await _wake.WaitAsync(LongestWait, stoppingToken).ConfigureAwait(false);
                // Several that ended meanwhile are one reason to look.
                while (_wake.Wait(0, CancellationToken.None))
                {
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
        finally
        {
            operations.Ended -= Changed;
        }
    }

    private void Changed(Operation ended)
    {
        _changed = true;
        _wake.Release();
    }

    private void TakeDue(Dictionary<IBackgroundSample, DateTimeOffset> due, CancellationToken cancellationToken)
    {
        var changed = _changed;
        _changed = false;
        foreach (var sample in due.Keys.Where(s => due[s] <= time.GetUtcNow() || (changed && s.ChangesWithOperations)).ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            due[sample] = time.GetUtcNow() + TakeOne(sample, cancellationToken);
        }
    }

    /// <returns>How long from now until it is due again.</returns>
    private TimeSpan TakeOne(IBackgroundSample sample, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        try
        {
            sample.Take(cancellationToken);
            _failures.Remove(sample);
            var took = time.GetElapsedTime(begun);
            return took * Rest > sample.Interval ? took * Rest : sample.Interval;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The edge of the background: whatever it was, what was seen last stays, and says how old it is. Said once while the reason stays the same.
            if (_failures.GetValueOrDefault(sample) != e.Message)
                Log.SampleFailed(logger, e, sample.GetType().Name);
            _failures[sample] = e.Message;
            return sample.Interval > Retry ? Retry + (time.GetElapsedTime(begun) * Rest) : sample.Interval;
        }
    }
}
