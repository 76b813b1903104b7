using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>Takes turns among the process's writers and keeps the longest one in mind. Not thread-safe.</summary>
internal sealed class WriteTurns(SqliteDatabase database)
{
    /// <summary>The longest turn so far.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Does something while no other writer of this process writes.</summary>
    /// <returns>How long others were kept out.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled before the turn came.</exception>
    public TimeSpan Take(Action write, CancellationToken cancellationToken)
    {
        using var turn = database.WriteGate.Enter(cancellationToken);
        var begun = database.Time.GetTimestamp();
        try
        {
            write();
        }
        finally
        {
            var held = database.Time.GetElapsedTime(begun);
            Longest = held > Longest ? held : Longest;
        }

        return database.Time.GetElapsedTime(begun);
    }
}
