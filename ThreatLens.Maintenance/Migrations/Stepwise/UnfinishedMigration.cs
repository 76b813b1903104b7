using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Stepwise;

/// <summary>
/// How far a script that runs outside of a transaction has come. It is written down before the first statement and gone with the history row, in a table
/// of the service's own that is there only meanwhile, so that after a crash it is known which statements have run.
/// </summary>
/// <param name="Version">The migration, as in the history.</param>
/// <param name="IsDown">Whether it is being undone.</param>
/// <param name="StatementsDone">How many statements of its script have run; the next one has not, or does no harm when it runs again.</param>
/// <param name="Digest">SHA-256 of those statements' meaning, hexadecimal; empty when there are none.</param>
/// <param name="FingerprintBefore">The schema's fingerprint before the first of them.</param>
/// <param name="Run">Who is at it: another value with every run.</param>
public sealed record UnfinishedMigration(string Version, bool IsDown, int StatementsDone, string Digest, string FingerprintBefore, string Run)
{
    private const string Table = "maintenance_unfinished_migration";

    /// <summary>What is left to be finished; null when nothing is.</summary>
    internal static UnfinishedMigration? Read(SqliteConnection connection)
    {
        // Asked of the database: a connection that has the schema in memory does not notice that another process has finished.
        if (connection.Scalar($"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{Table}'") is null)
            return null;
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT version, is_down, statements_done, digest, fingerprint_before, run FROM {Table}";
        using var reader = command.ExecuteReader();
        return reader.Read()
            ? new UnfinishedMigration(reader.GetString(0), reader.GetBoolean(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetString(5))
            : null;
    }

    /// <summary>Writes down that a script is begun. Within a transaction.</summary>
    internal static UnfinishedMigration Begin(SqliteConnection connection, MigrationVersion version, bool isDown, string fingerprint)
    {
        var begun = new UnfinishedMigration(version.Id, isDown, 0, "", fingerprint, NewRun());
        connection.Execute(
            $"""
            CREATE TABLE {Table} (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), version TEXT NOT NULL, is_down INTEGER NOT NULL, statements_done INTEGER NOT NULL,
                digest TEXT NOT NULL, fingerprint_before TEXT NOT NULL, run TEXT NOT NULL)
            """);
        connection.Execute(
            $"INSERT INTO {Table} VALUES (1, $version, $is_down, 0, $digest, $fingerprint, $run)",
            ("$version", version.Id), ("$is_down", isDown), ("$digest", begun.Digest), ("$fingerprint", fingerprint), ("$run", begun.Run));
        return begun;
    }

    /// <summary>Goes on where another run stopped. Within a transaction. Should that other one still be alive, it finds out before its next statement.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_UNFINISHED: the statements that have run are not those of the script any more.</exception>
    internal UnfinishedMigration TakeOver(SqliteConnection connection, MigrationScript script)
    {
        if (StatementsDone > script.Statements.Count || Digests(script)[StatementsDone] != Digest)
        {
            throw Refused(FormattableString.Invariant(
                $"{script.Name} is not the script that was begun: its first {StatementsDone} statements have run, and were others. Put them back as they were; those behind them may be changed. Nothing was changed now."));
        }

        var mine = this with { Run = NewRun() };
        connection.Execute($"UPDATE {Table} SET run = $run", ("$run", mine.Run));
        return mine;
    }

    /// <summary>Writes down that the script's first statements have run.</summary>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT: another process goes on with it.</exception>
    internal void Advance(SqliteConnection connection, int done, string digest)
    {
        Verify(connection);
        connection.Execute($"UPDATE {Table} SET statements_done = $done, digest = $digest WHERE run = $run", ("$done", done), ("$digest", digest), ("$run", Run));
    }

    /// <summary>Makes sure that no other process goes on with it.</summary>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT.</exception>
    internal void Verify(SqliteConnection connection)
    {
        if (Read(connection)?.Run != Run)
            throw Lost();
    }

    /// <summary>Forgets it, since it is finished. Within the transaction that changes the history.</summary>
    /// <exception cref="MaintenanceException">OPERATION_CONFLICT.</exception>
    internal void End(SqliteConnection connection)
    {
        Verify(connection);
        connection.Execute($"DROP TABLE {Table}");
    }

    /// <summary>Refuses something else until this is finished.</summary>
    internal MaintenanceException InTheWay() => Refused(FormattableString.Invariant(
        $"{(IsDown ? "Undoing" : "Applying")} {Version} was begun outside of a transaction and stopped after {StatementsDone} statements, which stay. Finish it first: {Remedy}. Nothing was changed now."));

    /// <summary>What finishes it, as a command.</summary>
    public string Remedy => IsDown ? $"threatlens rollback --version {Version}" : $"threatlens migrate --to {Version}";

    private static string NewRun() => Guid.NewGuid().ToString("N");

    private MaintenanceException Lost() => new(
        ErrorKind.Aborted, ErrorReasons.OperationConflict, $"Another process has taken over {Version} and goes on with it; what ran here stays, and is not run again.");

    private MaintenanceException Refused(string message) => new(ErrorKind.FailedPrecondition, ErrorReasons.MigrationUnfinished, message)
    {
        Metadata = new Dictionary<string, string>
        {
            ["version"] = Version,
            ["direction"] = IsDown ? "down" : "up",
            ["statementsDone"] = StatementsDone.ToString(System.Globalization.CultureInfo.InvariantCulture),
        },
    };

    /// <summary>The digest of no statement, the first, the first two, and so on.</summary>
    internal static IReadOnlyList<string> Digests(MigrationScript script)
    {
        var digests = new List<string>(script.Statements.Count + 1) { "" };
        foreach (var statement in script.Statements)
            digests.Add(TextDigest.Of($"{digests[^1]}\0{SqlMeaning.Of(statement.Sql)}"));
        return digests;
    }
}
