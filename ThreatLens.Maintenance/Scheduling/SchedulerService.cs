using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>
/// Quartz tells when a schedule is due; what is due runs as an operation. What this process cannot know, because it did not run, it finds in the record.
/// </summary>
public sealed class SchedulerService(ScheduleSet set, ScheduleStore store, ScheduleRuns runs, StartupState startup, TimeProvider time, ILogger<SchedulerService> logger)
    : BackgroundService
{
    private static readonly TimeSpan StartupPoll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AdoptionPoll = TimeSpan.FromSeconds(30);
    private readonly List<Schedule> _schedules = [.. set.All.Where(s => s.IsEnabled)];
    private string? _lastReason;

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await runs.StopAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Off the starting thread, and after the start-up's migration, which would have to wait for what runs here. If that fails, backups are wanted all the more.
            while (!startup.IsFinished && startup.Failure is null)
                await Task.Delay(StartupPoll, time, stoppingToken).ConfigureAwait(false);
            await RunAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        // What is due from here on comes by Quartz; what was due before, by the record.
        var from = time.GetUtcNow();
        var isAdopted = TryAdopt();
        var scheduler = await BuildAsync(from, stoppingToken).ConfigureAwait(false);
        try
        {
            await scheduler.Start(stoppingToken).ConfigureAwait(false);
            var next = _schedules.Select(s => (s.Name, Next: s.NextRun(from))).Where(s => s.Next is not null).OrderBy(s => s.Next).FirstOrDefault();
            Log.Started(logger, _schedules.Count, next.Name, next.Next);
            while (!isAdopted)
            {
                await Task.Delay(AdoptionPoll, time, stoppingToken).ConfigureAwait(false);
                isAdopted = TryAdopt();
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, time, stoppingToken).ConfigureAwait(false);
        }
        finally
        {
            await scheduler.Shutdown(waitForJobsToComplete: false, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the schedules known to the record, and takes up what it says was missed. False while the record is not to be had.</summary>
    private bool TryAdopt()
    {
        try
        {
            if (!store.Adopt(set.All))
                return false;
            var records = store.Read();
            foreach (var schedule in _schedules.Where(s => records.ContainsKey(s.Name)))
                runs.CatchUp(schedule, records[schedule.Name]);
            return true;
        }
        catch (MaintenanceException e)
        {
            if (e.Reason != _lastReason)
                Log.NotRead(logger, e, e.Reason);
            _lastReason = e.Reason;
            return false;
        }
    }

    private async Task<IScheduler> BuildAsync(DateTimeOffset from, CancellationToken cancellationToken)
    {
        var scheduler = await QuartzSchedulerBuilder.Create(quartz =>
        {
            quartz.UseTimeProvider(time);
            quartz.Services.AddSingleton(runs);
            // A name of its own: two services may live in one process, as in tests.
            quartz.ConfigureScheduler(options => options.InstanceName = $"maintenance-{Guid.NewGuid():N}");
        }).BuildScheduler(cancellationToken).ConfigureAwait(false);
        foreach (var schedule in _schedules)
        {
            var job = JobBuilder.Create<DueJob>().WithIdentity(schedule.Name).Build();
            var trigger = TriggerBuilder.Create(time).WithIdentity(schedule.Name).StartAt(from)
                .WithSchedule(CronScheduleBuilder.Create(schedule.Cron).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed)).Build();
            await scheduler.ScheduleJob(job, trigger, cancellationToken: cancellationToken).ConfigureAwait(false);
        }

        return scheduler;
    }
}

/// <summary>What Quartz runs: says that a schedule is due, and is done.</summary>
internal sealed class DueJob(ScheduleRuns runs) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        runs.Fire(context.JobDetail.Key.Name, context.ScheduledFireTimeUtc);
        return ValueTask.CompletedTask;
    }
}
