namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>
/// Room on the database's disk that is taken while there is plenty, and given up when there is none: the file <c>DATABASE.maintenance.reserve</c>. Where a
/// disk is full, the pages that the write-ahead log would make the database longer by cannot be moved, and so the log cannot be emptied: then nothing at all can be
/// written any more, a deletion as little as anything else. Thread-safe: whoever is later finds it done.
/// </summary>
internal static class SpaceReserve
{
    /// <summary>8 MiB: what a database grows by, of metrics at full speed, from one checkpoint to the next.</summary>
    public const long Bytes = 8 * 1024 * 1024;

    /// <summary>Takes it, if it is not there and twice as much is free. What is in the way of that is in nobody's way.</summary>
    public static void Keep(SqliteDatabase database)
    {
        try
        {
            if (!database.FileExists || File.Exists(PathOf(database)) || FreeBytes(database) < 2 * Bytes)
                return;
            using var file = new FileStream(
                PathOf(database), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, PreallocationSize = Bytes });
            // Some file systems take no room before there is something in it.
            file.SetLength(Bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An emergency will have to do without.
        }
    }

    /// <summary>Gives it up.</summary>
    /// <returns>Whether it was there.</returns>
    public static bool GiveUp(SqliteDatabase database)
    {
        try
        {
            var isThere = File.Exists(PathOf(database));
            File.Delete(PathOf(database));
            return isThere;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string PathOf(SqliteDatabase database) => database.Path + ".maintenance.reserve";

    private static long FreeBytes(SqliteDatabase database) => new DriveInfo(Path.GetDirectoryName(database.Path)!).AvailableFreeSpace;
}
