using System.Collections.Concurrent;
using System.Diagnostics;
using ThreatLens.Maintenance.Diagnostics;

namespace ThreatLens.Maintenance.Tests.Diagnostics;

/// <summary>Collects the spans that this test causes: those of the trace it begins. Other tests run at the same time.</summary>
internal sealed class ActivityRecorder : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;
    private readonly ActivitySource _source = new("ThreatLens.Maintenance.Tests");

    public ActivityRecorder()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MaintenanceDiagnostics.ActivitySourceName || source == _source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == Root?.TraceId)
                    _ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(_listener);
        Root = _source.StartActivity("test") ?? throw new InvalidOperationException("The recorder does not listen.");
    }

    /// <summary>The span within which the test runs.</summary>
    public Activity Root { get; }

    /// <summary>The spans that have ended, in that order.</summary>
    public IReadOnlyList<Activity> Ended => [.. _ended];

    public void Dispose()
    {
        Root.Dispose();
        _listener.Dispose();
        _source.Dispose();
    }
}
