using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Statistics.Sampling;

/// <summary>
/// A reading of many rows in pieces. It keeps one snapshot, but none for longer than <see cref="LongestSnapshot"/>: an old one keeps the
/// write-ahead log from being emptied. Not thread-safe.
/// </summary>
internal sealed class PacedReading : IDisposable
{
    /// <summary>Counting three million entries of an index fits in, and a log that grows meanwhile stays small.</summary>
    public static readonly TimeSpan LongestSnapshot = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly CancellationTokenRegistration _interrupt;
    private readonly CancellationToken _cancellationToken;
    private readonly DateTimeOffset _since;
    private long _begun;
    private object? _version;
    private bool _isOfOneMoment = true;

    private PacedReading(SqliteConnection connection, TimeProvider time, CancellationToken cancellationToken)
    {
        (Connection, _time, _cancellationToken) = (connection, time, cancellationToken);
        _interrupt = connection.InterruptOn(cancellationToken);
        _since = time.GetUtcNow();
        Begin();
    }

    public SqliteConnection Connection { get; }

    /// <summary>Where what was read until now comes from.</summary>
    public Origin Origin => new(OriginKind.Exact, _since, _time.GetUtcNow(), _isOfOneMoment);

    /// <summary>Reads, and says in this service's terms what went wrong.</summary>
    /// <exception cref="MaintenanceException">The database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static T Read<T>(SqliteDatabase database, TimeProvider time, string doing, Func<PacedReading, T> read, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = database.OpenReader();
            using var reading = new PacedReading(connection, time, cancellationToken);
            return read(reading);
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (SqliteException e)
        {
            throw database.Translate(e, doing);
        }
    }

    /// <summary>To be called between two pieces, while no statement is on its way.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void BetweenPieces()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (_time.GetElapsedTime(_begun) < LongestSnapshot)
            return;
        var before = _version;
        Connection.Execute("COMMIT");
        Begin();
        _isOfOneMoment &= Equals(before, _version);
    }

    public void Dispose() => _interrupt.Dispose();

    private void Begin()
    {
        _begun = _time.GetTimestamp();
        Connection.Execute("BEGIN");
        // A snapshot begins with the first look at the file, not with BEGIN.
        Connection.Scalar("SELECT count(*) FROM sqlite_master");
        _version = Connection.Pragma("data_version");
    }
}
