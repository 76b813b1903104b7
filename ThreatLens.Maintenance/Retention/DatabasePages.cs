using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Retention;

/// <summary>How much of the database is in use.</summary>
/// <param name="UsedBytes">Pages that hold something, times their size.</param>
/// <param name="FreeBytes">Pages that hold nothing, times their size.</param>
internal readonly record struct DatabasePages(long UsedBytes, long FreeBytes)
{
    public static DatabasePages Read(SqliteConnection connection)
    {
        var size = (long)connection.Pragma("page_size")!;
        var free = (long)connection.Pragma("freelist_count")!;
        return new DatabasePages(((long)connection.Pragma("page_count")! - free) * size, free * size);
    }
}
