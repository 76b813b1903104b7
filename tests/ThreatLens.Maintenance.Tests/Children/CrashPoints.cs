using System.Diagnostics;
using System.Globalization;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Testing.Processes;

namespace ThreatLens.Maintenance.Tests.Children;

/// <summary>
/// The moments at which a migration's process can be killed: before and after each statement, BEGIN and COMMIT among them. They are the
/// beginnings and ends of the statements' spans, numbered from 0 in the order they come.
/// </summary>
internal static class CrashPoints
{
    /// <summary>Instead of a number: die at none, only name them all.</summary>
    public const string Nowhere = "nowhere";

    /// <summary>Names each point as it comes; at the one of this number, this process kills itself (SIGKILL).</summary>
    public static void DieAt(string point)
    {
        var fatal = point == Nowhere ? -1 : int.Parse(point, CultureInfo.InvariantCulture);
        var next = 0;
        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = source => source.Name == MaintenanceDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Pass("before", activity),
            ActivityStopped = activity => Pass("after", activity),
        });

        void Pass(string side, Activity activity)
        {
            // The migrations' own spans are no statements.
            if (activity.Kind != ActivityKind.Client)
                return;
            Console.WriteLine($"{side} {activity.DisplayName}");
            if (next++ == fatal)
                Signals.Send(Environment.ProcessId, Signals.Kill);
        }
    }
}
