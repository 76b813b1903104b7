using Microsoft.Extensions.Options;
using Quartz;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Scheduling;

/// <summary>The schedules as configured. Immutable.</summary>
public sealed class ScheduleSet
{
    private static readonly TimeSpan MaxJitter = TimeSpan.FromHours(12);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromDays(1);

    /// <summary>Reads the schedules of the configuration.</summary>
    /// <param name="options">What is configured.</param>
    /// <param name="work">What they run.</param>
    public ScheduleSet(IOptions<SchedulingOptions> options, ScheduledWork work)
        : this([.. ScheduleDefinitions.All.Select(d => Read(d, options.Value, work, TimeProvider.System.GetUtcNow()))], options.Value.RetryFor)
    {
    }

    internal ScheduleSet(IReadOnlyList<Schedule> schedules, TimeSpan retryFor) => (All, RetryFor) = (schedules, retryFor);

    /// <summary>All of them, those that are switched off included, by name.</summary>
    public IReadOnlyList<Schedule> All { get; }

    /// <summary>How long a refused run tries again.</summary>
    public TimeSpan RetryFor { get; }

    /// <summary>The schedule of that name.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="MaintenanceException">SCHEDULE_NOT_FOUND.</exception>
    public Schedule Get(string name) => All.FirstOrDefault(s => s.Name == name) ?? throw Unknown(name);

    private MaintenanceException Unknown(string name) =>
        new(ErrorKind.NotFound, ErrorReasons.ScheduleNotFound, $"name: there is no schedule '{name}'; there are {string.Join(", ", All.Select(s => s.Name))}.") { Field = "name" };

    /// <summary>What is wrong with the configuration, naming each setting; empty: nothing.</summary>
    internal static IEnumerable<string> Problems(SchedulingOptions options, DateTimeOffset now)
    {
        if (options.RetryFor < TimeSpan.Zero || options.RetryFor > MaxRetry)
            yield return $"Maintenance:Scheduling:RetryFor is {options.RetryFor}; 0 to 1 day are accepted.";
        foreach (var definition in ScheduleDefinitions.All)
        {
            string? problem = null;
            try
            {
                Read(definition, options, null, now);
            }
            catch (FormatException e)
            {
                problem = e.Message;
            }

            if (problem is not null)
                yield return problem;
        }
    }

    private static Schedule Read(ScheduleDefinition definition, SchedulingOptions all, ScheduledWork? work, DateTimeOffset now)
    {
        var (options, setting) = (definition.Options(all), $"Maintenance:Scheduling:{definition.Setting}");
        if (options.Jitter < TimeSpan.Zero || options.Jitter > MaxJitter)
            throw new FormatException($"{setting}:Jitter is {options.Jitter}; 0 to 12 hours are accepted.");
        if (!Enum.IsDefined(options.MissedRuns))
            throw new FormatException($"{setting}:MissedRuns is {options.MissedRuns}; {string.Join(" and ", Enum.GetNames<MissedRunPolicy>())} are accepted.");
        var zone = ReadZone(options.TimeZone is null ? "Maintenance:Scheduling:TimeZone" : $"{setting}:TimeZone", options.TimeZone ?? all.TimeZone);
        var isEnabled = all.Enabled && options.Enabled;
        var window = string.IsNullOrWhiteSpace(options.Window) ? null : Naming($"{setting}:Window", options.Window, () => MaintenanceWindow.Parse(options.Window, zone));
        if (isEnabled && definition.NeedsWindow && window is null)
            throw new FormatException($"{setting}:Window is empty; this job keeps writers out until it ends, so it runs by itself only in a window, such as 'Sun 04:00-06:00'.");
        return new Schedule
        {
            Name = definition.Name,
            Description = definition.Description,
            IsEnabled = isEnabled,
            Cron = ReadCron($"{setting}:Cron", options.Cron, zone, now),
            Window = window,
            Jitter = options.Jitter,
            MissedRuns = options.MissedRuns,
            Run = (request, token) => definition.Run(work!, request, token),
        };
    }

    private static CronExpression ReadCron(string setting, string text, TimeZoneInfo zone, DateTimeOffset now)
    {
        var cron = Naming(setting, text, () => CronExpression.Parse(text).WithTimeZone(zone));
        return cron.GetNextValidTimeAfter(now) is not null ? cron : throw new FormatException($"{setting} is '{text}': that never comes; to switch the schedule off, set Enabled to false.");
    }

    private static TimeZoneInfo ReadZone(string setting, string id) => TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
        ? zone
        : throw new FormatException($"{setting} is '{id}', which is no time zone of this system; IANA names are accepted, such as UTC or Europe/Berlin.");

    private static T Naming<T>(string setting, string? text, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new FormatException($"{setting} is '{text}': {e.Message}", e);
        }
    }
}

/// <summary>Stops the service at its start when a schedule cannot be meant, naming the setting.</summary>
internal sealed class SchedulingOptionsValidation(TimeProvider time) : IValidateOptions<SchedulingOptions>
{
    public ValidateOptionsResult Validate(string? name, SchedulingOptions options) =>
        ScheduleSet.Problems(options, time.GetUtcNow()).ToList() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
}
