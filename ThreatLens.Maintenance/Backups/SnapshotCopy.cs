using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Diagnostics;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Backups;

/// <summary>
/// Copies a database that others write to, and tells what it held at the very moment that was copied. <c>VACUUM INTO</c> cannot run in a
/// transaction, so nothing can be counted in its own snapshot. A witness connection takes a snapshot first; SQLite's authorizer then tells
/// when VACUUM, which has its snapshot by then, looks at the schema. If nobody committed in between (a third connection's data_version
/// knows), both are the same, else it begins again. That takes well under a millisecond, and no lock that a writer would feel.
/// </summary>
internal static class SnapshotCopy
{
    private const int MaxBeginnings = 1000;

    /// <summary>Copies into a file that must not exist yet.</summary>
    /// <returns>What the database held in the snapshot copied.</returns>
    /// <exception cref="SqliteException">It could not be copied; a partial file may be there.</exception>
    /// <exception cref="MaintenanceException">The database cannot be opened, or changes too fast to begin.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public static DatabaseContent VacuumInto(SqliteDatabase database, string target, CancellationToken cancellationToken)
    {
        using var witness = database.OpenReader();
        using var watch = database.OpenReader();
        using var source = database.OpenReader();
        for (var beginning = 0; beginning < MaxBeginnings; beginning++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var version = watch.Pragma("data_version");
            witness.Execute("BEGIN");
            // A snapshot begins with the first look at the file, not with BEGIN.
            witness.Scalar("SELECT count(*) FROM sqlite_master");
            if (TryVacuum(database, source, target, () => Equals(version, watch.Pragma("data_version")), cancellationToken))
                return DatabaseContent.Read(witness);
            witness.Execute("ROLLBACK");
            File.Delete(target);
        }

        throw new MaintenanceException(
            ErrorKind.Unavailable, ErrorReasons.DatabaseLocked, "The database changes faster than a consistent backup of it can begin; try again when it is less busy.")
        {
            RetryAfter = TimeSpan.FromSeconds(5),
        };
    }

    private static bool TryVacuum(SqliteDatabase database, SqliteConnection source, string target, Func<bool> isUnchanged, CancellationToken cancellationToken)
    {
        bool? same = null;
        strdelegate_authorizer authorizer = (_, action, table, _, schema, _) =>
        {
            if (same is null && action == raw.SQLITE_READ && table == "sqlite_master" && schema == "main")
                same = isUnchanged();
            return same == false ? raw.SQLITE_DENY : raw.SQLITE_OK;
        };
        using var span = StatementSpan.Start(database, "VACUUM INTO");
        try
        {
            _ = raw.sqlite3_set_authorizer(source.Handle, authorizer, null);
            source.ExecuteInterruptibly("VACUUM INTO $target", cancellationToken, ("$target", target));
            if (same is not true)
                throw new InvalidOperationException("SQLite made a copy without looking at the schema.");
            return true;
        }
        catch (SqliteException) when (same == false)
        {
            return false;
        }
        catch (SqliteException e)
        {
            span.Fail(e);
            throw;
        }
        finally
        {
            _ = raw.sqlite3_set_authorizer(source.Handle, (strdelegate_authorizer?)null, null);
        }
    }
}
