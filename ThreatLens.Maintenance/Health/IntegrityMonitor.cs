using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Health;

/// <summary>Checks the file's integrity in the background and remembers the result. Thread-safe.</summary>
public sealed class IntegrityMonitor(SqliteDatabase database, TimeProvider time, ILogger<IntegrityMonitor> logger)
{
    private const int MaxProblems = 20;
    private volatile IntegrityCheck? _last;

    /// <summary>The last check that finished; null: none yet.</summary>
    public IntegrityCheck? Last => _last;

    /// <summary>
    /// Runs <c>PRAGMA quick_check</c>: reads the whole file, takes no lock that a writer would feel. 4 s to over a minute on a file of
    /// some gigabytes. Blocks; cancelling interrupts it.
    /// </summary>
    /// <param name="cancellationToken">Interrupts the check; its result is then unknown, and the last one stays.</param>
    /// <returns>Whether there is a new result.</returns>
    public bool Check(CancellationToken cancellationToken)
    {
        if (!database.FileExists)
            return false;
        var begun = time.GetTimestamp();
        try
        {
            Finish(QuickCheck(cancellationToken), begun);
            return true;
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            // Interrupted: nothing was found out.
            return false;
        }
        catch (Exception e) when (e is SqliteException or MaintenanceException)
        {
            // Damage can keep the file from being opened, or the check from ending: that is a result too.
            var failure = e as MaintenanceException ?? database.Translate((SqliteException)e, "checking integrity");
            if (failure.Kind == ErrorKind.DataLoss)
                Finish([failure.Message], begun);
            else
                Log.IntegrityUnknown(logger, failure);
            return failure.Kind == ErrorKind.DataLoss;
        }
    }

    private List<string> QuickCheck(CancellationToken cancellationToken)
    {
        const string Sql = "PRAGMA quick_check(20)";
        using var connection = database.OpenReader();
        var handle = connection.Handle;
        using var interrupt = cancellationToken.Register(() => raw.sqlite3_interrupt(handle));
        using var span = StatementSpan.Start(database, Sql);
        using var command = connection.CreateCommand();
        command.CommandText = Sql;
        using var reader = command.ExecuteReader();
        var problems = new List<string>();
        while (reader.Read() && problems.Count < MaxProblems)
        {
            var line = reader.GetString(0);
            if (line != "ok")
                problems.Add(line);
        }

        return problems;
    }

    private void Finish(List<string> problems, long begun)
    {
        _last = new IntegrityCheck(time.GetUtcNow(), time.GetElapsedTime(begun), problems);
        if (problems.Count > 0)
            Log.Damaged(logger, problems.Count, problems[0]);
        else
            Log.Intact(logger, _last.Duration.TotalMilliseconds);
    }
}

/// <summary>What an integrity check found.</summary>
/// <param name="FinishedAt">When it finished, UTC.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Problems">At most 20, as SQLite words them; empty: the file is intact.</param>
public sealed record IntegrityCheck(DateTimeOffset FinishedAt, TimeSpan Duration, IReadOnlyList<string> Problems);
