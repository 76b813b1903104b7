using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Quartz;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Integrity;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Scheduling;
using ThreatLens.Maintenance.Tests.Migrations;
using ThreatLens.Testing;

namespace ThreatLens.Maintenance.Tests.Scheduling;

/// <summary>A migrated database, schedules whose job ends when the test says so, and a clock that the test turns.</summary>
public abstract class SchedulingTestBase : SqliteMigrationTestBase, IDisposable
{
    private readonly List<ScheduleRuns> _runs = [];
    private SqliteDatabase? _database;

    protected SchedulingTestBase() => Engine().Migrate(new MigrateCommand());

    /// <summary>A Tuesday.</summary>
    private protected TurnedClock Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    private protected SqliteDatabase Database => _database ??= new SqliteDatabase(
        new SqliteDatabaseOptions { ConnectionString = $"Data Source={File.Path}", BusyTimeout = TimeSpan.FromSeconds(30), Synchronous = SqliteSynchronous.Normal }, Time);

    private protected ServiceSchema OwnTables => new(Database, Engine(), Time);

    private protected ScheduleStore Store => new(Database, OwnTables, Time);

    private protected OperationRunner Runner => field ??= new OperationRunner(new OperationStore(Database, OwnTables), OwnTables, Database, Time, NullLogger<OperationRunner>.Instance);

    /// <summary>Lets the jobs end; set before they begin unless a test resets it.</summary>
    private protected ManualResetEventSlim MayEnd { get; } = new(true);

    private protected IReadOnlyList<Operation> Operations => Runner.List(1000, null, null, null);

    private protected ScheduleRecord Record => Store.Read()["s"];

    private protected Schedule NewSchedule(
        string cron = "0 0 * * * ?", string? window = null, TimeSpan jitter = default, MissedRunPolicy missed = MissedRunPolicy.RunOnce) => new()
        {
            Name = "s",
            Description = "",
            IsEnabled = true,
            Cron = new CronExpression(cron, TimeZoneInfo.Utc),
            Window = window is null ? null : MaintenanceWindow.Parse(window, TimeZoneInfo.Utc),
            Jitter = jitter,
            MissedRuns = missed,
            Run = (request, token) => RunJobAsync(request, token),
        };

    /// <summary>An operation that excludes others of its kind, and can be cancelled.</summary>
    private protected Task<Operation> RunJobAsync(OperationRequest request, CancellationToken cancellationToken = default) => Runner.ExecuteAsync(
        new OperationWork
        {
            Kind = OperationKind.IntegrityCheck,
            Run = context =>
            {
                MayEnd.Wait(context.CancellationToken);
                return new IntegrityCheckResult(IntegrityDepth.Quick, Time.GetUtcNow(), TimeSpan.Zero, []);
            },
        },
        request, cancellationToken);

    private protected Task<Operation> RunJobAsync(string caller) => RunJobAsync(new OperationRequest { Caller = new OperationCaller(caller, false) });

    private protected static ScheduleSet Set(params Schedule[] schedules) => new(schedules, TimeSpan.FromHours(1));

    /// <summary>The runs of one process, which end with the test at the latest.</summary>
    private protected ScheduleRuns NewRuns(params Schedule[] schedules) => NewRuns(Set(schedules), Random.Shared);

    private protected ScheduleRuns NewRuns(ScheduleSet set, Random random)
    {
        var runs = new ScheduleRuns(set, Store, Runner, Time, NullLogger<ScheduleRuns>.Instance) { Random = random };
        _runs.Add(runs);
        return runs;
    }

    private protected void Adopt(params Schedule[] schedules)
    {
        OwnTables.Ensure(mayCreateDatabase: false, CancellationToken.None);
        Xunit.Assert.True(Store.Adopt(schedules));
    }

    private protected static Task UntilAsync(Func<bool> isSo, string what) => Eventually.UntilAsync(isSo, what);

    /// <summary>Lets all that was begun end before the folder goes.</summary>
    void IDisposable.Dispose()
    {
        MayEnd.Set();
        Task.WhenAll(_runs.Select(runs => runs.StopAsync())).GetAwaiter().GetResult();
        Dispose();
    }

    /// <summary>
    /// Turns the clock until it is so. Small steps of waiting in between: what a moment sets off happens on other threads; and as long as nobody waits for the
    /// clock, it stands still.
    /// </summary>
    private protected async Task AdvanceUntilAsync(Func<bool> isSo, TimeSpan step, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!isSo())
        {
            if (watch.Elapsed > Eventually.Limit)
                throw new TimeoutException($"{what}: not within {Eventually.Limit.TotalSeconds} s, at {Time.GetUtcNow():u}");
            if (Time.IsAwaited)
                Time.Advance(step);
            await Task.Delay(5);
        }
    }
}
