using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>Something that a report does not wait for: it is looked at in the background, and the report says when.</summary>
internal interface IBackgroundSample
{
    /// <summary>How old it may become.</summary>
    TimeSpan Interval { get; }

    /// <summary>Whether an operation that ended can have changed it.</summary>
    bool ChangesWithOperations { get; }

    /// <summary>Looks.</summary>
    /// <exception cref="Errors.MaintenanceException">The database cannot be read; what was seen last stays.</exception>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The same.</exception>
    void Take(CancellationToken cancellationToken);
}

/// <summary>What was seen, and when.</summary>
/// <param name="Value">What.</param>
/// <param name="At">When the look began, UTC.</param>
/// <param name="Took">How long it took.</param>
internal sealed record Sampled<T>(T Value, DateTimeOffset At, TimeSpan Took);

/// <summary>A sample of one value. Thread-safe; taken by one thread at a time.</summary>
internal abstract class BackgroundSample<T>(SqliteDatabase database, TimeProvider time) : IBackgroundSample
{
    private volatile Sampled<T>? _last;

    /// <summary>What was seen last; null: nothing yet, or there is no database.</summary>
    public Sampled<T>? Last => _last;

    public abstract TimeSpan Interval { get; }

    public virtual bool ChangesWithOperations => true;

    public void Take(CancellationToken cancellationToken)
    {
        if (!database.FileExists)
        {
            _last = null;
            return;
        }

        var (at, begun) = (time.GetUtcNow(), time.GetTimestamp());
        var value = Look(at, cancellationToken);
        _last = new Sampled<T>(value, at, time.GetElapsedTime(begun));
    }

    /// <summary>Looks at a database that is there.</summary>
    protected abstract T Look(DateTimeOffset now, CancellationToken cancellationToken);
}
