using System.Globalization;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Whether there is room on the disk for a change of the schema. Thread-safe.</summary>
public sealed class ChangeSpace(SqliteDatabase database, BackupBeforeChange backup, BackupDirectory backups)
{
    // For the history row, the service's own rows, and what is written meanwhile.
    private const long SpareBytes = 1024 * 1024;

    // With so much more room than the database takes, no plan has to be made to know that there is enough.
    private const int Plenty = 20;

    /// <summary>The plan with what it needs and what there is.</summary>
    /// <param name="plan">A plan.</param>
    /// <exception cref="MaintenanceException">The backup directory cannot be read.</exception>
    public MigrationPlan Measure(MigrationPlan plan)
    {
        var disk = Disk();
        if (plan.Steps.Count == 0)
            return plan with { AvailableFreeBytes = disk.AvailableFreeSpace };
        var backupBytes = backup.PlannedBytes();
        // New pages are written to the write-ahead log first and then to the file; what is written over, to the log only.
        var written = (2 * plan.NewBytes) + plan.RewrittenBytes + SpareBytes;
        return plan with
        {
            BackupBytes = backupBytes,
            RequiredFreeBytes = written + (IsSame(disk, backups.Disk) ? backupBytes : 0),
            AvailableFreeBytes = disk.AvailableFreeSpace,
        };
    }

    /// <summary>Refuses a change that there is no room for, before anything is written.</summary>
    /// <param name="plan">Makes the plan; not asked when there is plenty of room.</param>
    /// <exception cref="MaintenanceException">MIGRATION_NO_SPACE.</exception>
    public void Require(Func<MigrationPlan> plan)
    {
        if (!database.FileExists || Disk().AvailableFreeSpace >= (Plenty * new FileInfo(database.Path).Length) + (64 * SpareBytes))
            return;
        var measured = Measure(plan());
        if (measured.AvailableFreeBytes >= measured.RequiredFreeBytes)
            return;
        var (required, available) = (measured.RequiredFreeBytes.ToString(CultureInfo.InvariantCulture), measured.AvailableFreeBytes.ToString(CultureInfo.InvariantCulture));
        throw new MaintenanceException(
            ErrorKind.ResourceExhausted, ErrorReasons.MigrationNoSpace, $"There is no room for the change on the disk of {database.Path}: about {required} bytes are needed, {available} are free. Free space; nothing was changed.")
        {
            Metadata = new Dictionary<string, string> { ["requiredBytes"] = required, ["availableBytes"] = available },
        };
    }

    private DriveInfo Disk() => new(Path.GetDirectoryName(database.Path)!);

    // Two paths do not tell whether they are on one disk; two different disks of one size and kind only make the estimate too careful.
    private static bool IsSame(DriveInfo one, DriveInfo other) => one.TotalSize == other.TotalSize && one.DriveFormat == other.DriveFormat;
}
