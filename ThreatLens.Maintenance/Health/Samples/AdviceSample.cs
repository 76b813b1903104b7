using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Optimization.Indexes;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>Measures the index advice now and then, if that is asked for: it copies rows and tries indexes on them, which takes seconds.</summary>
internal sealed class AdviceSample(IndexAdvisor advisor, SqliteDatabase database, IOptions<HealthOptions> options, TimeProvider time) : IBackgroundSample
{
    private static readonly TimeSpan AfterStart = TimeSpan.FromMinutes(10);
    private readonly long _made = time.GetTimestamp();

    public TimeSpan Interval => options.Value.IndexAdviceInterval == TimeSpan.Zero || IsEarly ? AfterStart : options.Value.IndexAdviceInterval;

    public bool ChangesWithOperations => false;

    public void Take(CancellationToken cancellationToken)
    {
        if (options.Value.IndexAdviceInterval > TimeSpan.Zero && !IsEarly && database.FileExists)
            advisor.Advise(refresh: true, cancellationToken);
    }

    private bool IsEarly => time.GetElapsedTime(_made) < AfterStart;
}
