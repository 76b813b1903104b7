using System.Text.Json;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>A cleanup as it is written down.</summary>
/// <param name="Scope">What it covers.</param>
/// <param name="Cutoffs">What goes, by table.</param>
/// <param name="Tally">What went so far.</param>
internal sealed record StoredCleanup(CleanupScope Scope, IReadOnlyDictionary<string, Cutoff> Cutoffs, CleanupTally Tally);

/// <summary>The table <c>maintenance_cleanups</c>: what each cleanup covers and how far it is, so that a later one can go on with it.</summary>
internal static class CleanupStore
{
    /// <summary>Writes down a cleanup before it deletes anything, within the connection's transaction.</summary>
    public static void Insert(SqliteConnection writer, string operationId, StoredCleanup cleanup, DateTimeOffset now) => writer.Execute(
        "INSERT INTO maintenance_cleanups(operation_id, scope, cutoffs, tally, rows, busy_ms, updated_at) VALUES ($id, $scope, $cutoffs, $tally, 0, 0, $now)",
        ("$id", operationId), ("$scope", JsonSerializer.Serialize(cleanup.Scope)), ("$cutoffs", JsonSerializer.Serialize(cleanup.Cutoffs)),
        ("$tally", JsonSerializer.Serialize(cleanup.Tally)), ("$now", SqliteTimestamp.Format(now)));

    /// <summary>Writes down how far it is, within the transaction that got it there.</summary>
    /// <param name="writer">The connection.</param>
    /// <param name="operationId">The operation.</param>
    /// <param name="tally">What went so far.</param>
    /// <param name="rows">Rows this operation itself deleted.</param>
    /// <param name="busy">How long that took.</param>
    /// <param name="now">The clock.</param>
    public static void Update(SqliteConnection writer, string operationId, CleanupTally tally, long rows, TimeSpan busy, DateTimeOffset now) => writer.Execute(
        "UPDATE maintenance_cleanups SET tally = $tally, rows = $rows, busy_ms = $busy, updated_at = $now WHERE operation_id = $id",
        ("$id", operationId), ("$tally", JsonSerializer.Serialize(tally)), ("$rows", rows), ("$busy", (long)busy.TotalMilliseconds), ("$now", SqliteTimestamp.Format(now)));

    /// <summary>The cleanup of an operation; null: it had not begun.</summary>
    public static StoredCleanup? Find(SqliteConnection connection, string operationId)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT scope, cutoffs, tally FROM maintenance_cleanups WHERE operation_id = $id";
        command.Parameters.AddWithValue("$id", operationId);
        using var row = command.ExecuteReader();
        return row.Read()
            ? new StoredCleanup(
                JsonSerializer.Deserialize<CleanupScope>(row.GetString(0))!, JsonSerializer.Deserialize<Dictionary<string, Cutoff>>(row.GetString(1))!,
                JsonSerializer.Deserialize<CleanupTally>(row.GetString(2))!)
            : null;
    }

    /// <summary>Rows a second that the last cleanup of some size deleted; null: there was none.</summary>
    public static double? LastRate(SqliteConnection connection) => Steps.EventLookup.HasTable(connection, "maintenance_cleanups")
        ? connection.Scalar("SELECT rows * 1000.0 / busy_ms FROM maintenance_cleanups WHERE rows >= 10000 AND busy_ms > 0 ORDER BY operation_id DESC LIMIT 1") as double?
        : null;
}
