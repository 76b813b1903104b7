using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Statistics.History;

namespace ThreatLens.Maintenance.Health.Sections;

/// <summary>How large the files are, how they grow, and how much room is left.</summary>
internal sealed class StorageSection(SqliteDatabase database, HealthHistory history, BudgetRoom budget, IOptions<HistoryOptions> recorded, IOptions<HealthOptions> options) : IHealthSectionSource
{
    private const double LeastFreeBytes = 64 * 1024 * 1024;
    private const int MissedSamples = 4;

    public HealthSectionKind Kind => HealthSectionKind.Storage;

    public HealthSection Look(HealthLook look)
    {
        if (look.Session is not { } session)
            return HealthLook.Missing(Kind);
        long Pragma(string name) => session.Query($"PRAGMA {name}", row => row.GetInt64(0))[0];
        var pageSize = Pragma("page_size");
        var (bytes, free) = (Pragma("page_count") * pageSize, Pragma("freelist_count") * pageSize);
        var wal = database.LogBytes;
        var disk = new DriveInfo(Path.GetDirectoryName(database.Path)!);
        var (diskFree, diskSize) = (disk.AvailableFreeSpace, disk.TotalSize);
        double? freeShare = diskSize == 0 ? null : (double)diskFree / diskSize;
        var growth = history.Growth;
        var forecast = RoomForecast.Of(growth, bytes - free, free, diskFree, database.MaxBytes);
        var canShrink = Pragma("auto_vacuum") != 0;
        return look.Section(
            Kind, $"{Bytes(bytes)} in the database, {Bytes(diskFree)} free on its disk.",
            [
                HealthFigure.Count("file_bytes", database.FileBytes, "bytes"),
                HealthFigure.Count("database_bytes", bytes, "bytes"),
                HealthFigure.Count("used_bytes", bytes - free, "bytes"),
                HealthFigure.Count("free_page_bytes", free, "bytes"),
                HealthFigure.Count("wal_bytes", wal, "bytes"),
                HealthFigure.Count("disk_free_bytes", diskFree, "bytes"),
                new("disk_free_share", freeShare),
                HealthFigure.Count("budget_bytes", database.MaxBytes == 0 ? null : database.MaxBytes, "bytes"),
                .. Forecast(growth, forecast?.Days),
            ],
            [.. Room(freeShare), .. budget.Look(bytes - free), .. FullSoon(growth, forecast), .. Waste(bytes, free, wal, canShrink)],
            freeShare is null || IsOld(growth, look.Now) ? HealthStatus.Unknown : HealthStatus.Ok);
    }

    /// <summary>Samples that could not be taken for long: how it grows now is not known.</summary>
    private bool IsOld(Growth? growth, DateTimeOffset now) => now - growth?.At is { } age && age > SampleAge.AlwaysFresh && age > recorded.Value.Interval * MissedSamples;

    private IEnumerable<HealthFinding> Room(double? disk) => HealthRules.DiskNearlyFull.Below(
        disk, options.Value.FreeDiskWarning, options.Value.FreeDiskCritical, () => FormattableString.Invariant($"{disk:P1} of the disk is free."));

    /// <summary>A rate that the samples leave open, or that was seen for a short time only, is told and alarms nobody.</summary>
    private IEnumerable<HealthFinding> FullSoon(Growth? growth, RoomForecast? forecast) => growth is null || forecast is not { IsTelling: true, Days: var days }
        ? []
        : HealthRules.FullSoon.Below(days, options.Value.DaysUntilFullWarning, options.Value.DaysUntilFullCritical, () =>
            FormattableString.Invariant($"At {Bytes(growth.BytesPerDay)} a day, the growth of the last {growth.Span.TotalDays:0.#} days, there is no room left in {days:0.#} days."));

    private static IEnumerable<HealthFigure> Forecast(Growth? growth, double? days)
    {
        var bound = growth is null || growth.BytesPerDay == 0 ? 1 : Math.Min(1, growth.ErrorBytesPerDay / Math.Abs(growth.BytesPerDay));
        yield return new HealthFigure("growth_bytes_per_day", growth?.BytesPerDay, "bytes/d").Within(bound) with { SampledAt = growth?.At };
        // Unknown while nothing is known of the growth; a database that does not grow is never full.
        yield return growth is not null && days is null
            ? new HealthFigure("days_until_full", "never").Within(bound) with { SampledAt = growth.At }
            : new HealthFigure("days_until_full", days, "d").Within(bound) with { SampledAt = growth?.At };
    }

    private IEnumerable<HealthFinding> Waste(long bytes, long free, long wal, bool canShrink)
    {
        if (free >= LeastFreeBytes && free > bytes * options.Value.FreePagesWarning)
        {
            yield return canShrink
                ? HealthRules.FreePages.Warn($"{Bytes(free)} of {Bytes(bytes)} hold nothing.")
                : HealthRules.FreePages.Warn($"{Bytes(free)} of {Bytes(bytes)} hold nothing, and the file has auto_vacuum=NONE: one rewrite, for which writers wait, lets it shrink.", command: "threatlens optimize --enable-incremental-vacuum");
        }

        if (wal > options.Value.WalWarning)
            yield return HealthRules.WalLarge.Warn($"The write-ahead log has {Bytes(wal)}: it cannot begin anew while somebody reads from it.");
    }

    internal static string Bytes(double bytes) => bytes switch
    {
        >= 1L << 30 => FormattableString.Invariant($"{bytes / (1L << 30):0.0} GiB"),
        >= 1L << 20 => FormattableString.Invariant($"{bytes / (1L << 20):0.0} MiB"),
        _ => FormattableString.Invariant($"{bytes / (1L << 10):0.0} KiB"),
    };
}
