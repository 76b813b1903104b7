using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention.Holds;

/// <summary>The table <c>maintenance_holds</c>.</summary>
internal static class HoldRows
{
    public const string Columns = "id, range_start, range_end, source_name, event_id, reason, created_by, created_at, expires_at";

    private const string InForce = $"SELECT {Columns} FROM maintenance_holds WHERE expires_at IS NULL OR expires_at > $now ORDER BY id";

    /// <summary>Those in force; none in a database that has no such table yet.</summary>
    public static List<Hold> Read(SqliteConnection connection, DateTimeOffset now)
    {
        var holds = new List<Hold>();
        if (connection.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'maintenance_holds'") is null)
            return holds;
        using var command = connection.CreateCommand();
        command.CommandText = InForce;
        command.Parameters.AddWithValue("$now", SqliteTimestamp.Format(now));
        using var row = command.ExecuteReader();
        while (row.Read())
            holds.Add(Map(row));
        return holds;
    }

    public static (string Name, object? Value)[] Values(Hold hold) =>
    [
        ("$id", hold.Id), ("$start", Text(hold.Target.Start)), ("$end", Text(hold.Target.End)), ("$source", hold.Target.SourceName), ("$event", hold.Target.EventId),
        ("$reason", hold.Reason), ("$by", hold.CreatedBy), ("$created", Text(hold.CreatedAt)), ("$expires", Text(hold.ExpiresAt)),
    ];

    public static Hold Map(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Target = new HoldTarget
        {
            Start = Time(row, 1),
            End = Time(row, 2),
            SourceName = row.IsDBNull(3) ? null : row.GetString(3),
            EventId = row.IsDBNull(4) ? null : row.GetString(4),
        },
        Reason = row.GetString(5),
        CreatedBy = row.GetString(6),
        CreatedAt = Time(row, 7) ?? default,
        ExpiresAt = Time(row, 8),
    };

    private static string? Text(DateTimeOffset? time) => time is { } at ? SqliteTimestamp.Format(at) : null;

    private static DateTimeOffset? Time(SqliteDataReader row, int column) =>
        !row.IsDBNull(column) && SqliteTimestamp.TryParse(row.GetString(column), out var time) ? time : null;
}
