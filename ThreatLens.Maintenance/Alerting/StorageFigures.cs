using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Statistics.History;
using static ThreatLens.Maintenance.Alerting.AlertInstruments;

namespace ThreatLens.Maintenance.Alerting;

/// <summary>Sizes, growth, and how long there is room.</summary>
internal sealed class StorageFigures(SqliteDatabase database, HealthHistory history) : IAlertFigureSource
{
    public IEnumerable<AlertFigure> Read(DateTimeOffset now)
    {
        if (!database.FileExists)
            yield break;
        var pages = SqliteSession.Read(database, "reading sizes", session => (
            Size: session.Query("PRAGMA page_size", row => row.GetInt64(0))[0],
            All: session.Query("PRAGMA page_count", row => row.GetInt64(0))[0],
            Free: session.Query("PRAGMA freelist_count", row => row.GetInt64(0))[0]));
        var (bytes, free) = (pages.All * pages.Size, pages.Free * pages.Size);
        var disk = new DriveInfo(Path.GetDirectoryName(database.Path)!).AvailableFreeSpace;
        yield return new(DatabaseSize, bytes);
        yield return new(DatabaseFree, free);
        yield return new(DatabaseWal, database.LogBytes);
        yield return new(DiskFree, disk);
        if (history.Growth is not { } growth)
            yield break;
        yield return new(AlertInstruments.Growth, growth.BytesPerDay);
        // Days that the report would alarm nobody with are not sent.
        if (RoomForecast.Of(growth, bytes - free, free, disk, database.MaxBytes) is { IsTelling: true, Days: { } days })
            yield return new(DaysUntilFull, days);
    }
}
