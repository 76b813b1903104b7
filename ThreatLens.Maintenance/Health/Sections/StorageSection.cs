using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>How large the files are and how much room is left.</summary>
internal sealed class StorageSection(SqliteDatabase database, IOptions<HealthOptions> options, TimeProvider time) : IHealthSectionSource
{
    public HealthSectionKind Kind => HealthSectionKind.Storage;

    public HealthSection Look()
    {
        if (!database.FileExists)
            return new HealthSection(Kind, HealthStatus.Unknown, "The database does not exist yet.");
        var (pages, free, pageSize) = SqliteSession.Read(database, "reading sizes", session => (
            session.Query("PRAGMA page_count", row => row.GetInt64(0))[0],
            session.Query("PRAGMA freelist_count", row => row.GetInt64(0))[0],
            session.Query("PRAGMA page_size", row => row.GetInt64(0))[0]));
        var file = new FileInfo(database.Path).Length;
        var wal = new FileInfo(database.Path + "-wal") is { Exists: true } log ? log.Length : 0;
        var disk = new DriveInfo(Path.GetDirectoryName(database.Path)!);
        var freeShare = disk.TotalSize == 0 ? 0 : (double)disk.AvailableFreeSpace / disk.TotalSize;
        var status = freeShare < options.Value.FreeDiskCritical ? HealthStatus.Critical : freeShare < options.Value.FreeDiskWarning ? HealthStatus.Warning : HealthStatus.Ok;
        return new HealthSection(Kind, status, $"{Bytes(pages * pageSize)} in the database, {Bytes(disk.AvailableFreeSpace)} free on its disk.")
        {
            Figures =
            [
                new("file_bytes", (double)file, "bytes"),
                new("wal_bytes", (double)wal, "bytes"),
                new("free_page_bytes", (double)(free * pageSize), "bytes"),
                new("disk_free_bytes", (double)disk.AvailableFreeSpace, "bytes"),
                new("disk_free_share", freeShare),
            ],
            Findings = status == HealthStatus.Ok
                ? []
                : [new("storage.disk_nearly_full", status, $"{freeShare:P1} of the disk is free.", "Free space on the disk, or move the database to a larger one.")],
            SampledAt = time.GetUtcNow(),
        };
    }

    private static string Bytes(double bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (1L << 30):0.0} GiB",
        >= 1L << 20 => $"{bytes / (1L << 20):0.0} MiB",
        _ => $"{bytes / (1L << 10):0.0} KiB",
    };
}
