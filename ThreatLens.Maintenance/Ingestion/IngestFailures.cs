using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;

namespace ThreatLens.Maintenance.Ingestion;

/// <summary>Says why a group could not be stored, and remembers it for a while. Thread-safe.</summary>
internal sealed class IngestFailures(SqliteDatabase database, MigrationEngine migrations)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);
    private readonly TimeProvider _time = database.Time;
    private volatile Tuple<MaintenanceException, long>? _last;

    /// <summary>The last failure, when that was within the last half minute and nothing was stored since.</summary>
    public MaintenanceException? Recent => _last is var (error, at) && _time.GetElapsedTime(at) < Memory ? error : null;

    /// <summary>A group could not be stored.</summary>
    /// <returns>Why, for its producers.</returns>
    public MaintenanceException Remember(Exception e)
    {
        var error = Explain(e);
        _last = Tuple.Create(error, _time.GetTimestamp());
        return error;
    }

    /// <summary>A group was stored.</summary>
    public void Forget() => _last = null;

    public static MaintenanceException SchemaNotReady(Exception? cause) =>
        new(ErrorKind.Unavailable, ErrorReasons.SchemaNotReady, "The database has no table for metrics now: migrate it to 001_add_realtime_tables or later.", cause)
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static MaintenanceException Moved(SqliteDatabase database) =>
        new(ErrorKind.Unavailable, ErrorReasons.DatabaseMissing, $"The database {database.Path} was moved or deleted while it was in use; what was not acknowledged is not in it.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    private MaintenanceException Explain(Exception e)
    {
        const int SqliteError = 1;
        try
        {
            return e switch
            {
                MaintenanceException known => known,
                SqliteException { SqliteErrorCode: SqliteError } when !migrations.GetStatus(CancellationToken.None).CanTakeMetrics => SchemaNotReady(e),
                SqliteException sqlite => database.Translate(sqlite, "storing metrics"),
                _ => IngestQueue.Stopping(),
            };
        }
        catch (MaintenanceException other)
        {
            return other;
        }
    }
}
