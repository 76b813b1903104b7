using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Databases;

/// <summary>Room kept for a disk that is full: really taken, only where there is plenty, and really given up.</summary>
public sealed class SpaceReserveTests : IDisposable
{
    private const long Mebibyte = 1024 * 1024;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Keep_takes_the_room_and_GiveUp_gives_all_of_it_back()
    {
        using var disk = SmallDisk.TryMount(_folder.File("disk"), megabytes: 24);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var database = Create(disk.Path);
        var before = Free(disk);

        SpaceReserve.Keep(database);
        var kept = Free(disk);
        SpaceReserve.Keep(database);

        Assert.InRange(before - kept, SpaceReserve.Bytes, SpaceReserve.Bytes + Mebibyte);
        Assert.Equal(kept, Free(disk));
        Assert.True(SpaceReserve.GiveUp(database), "it was not there");
        Assert.Equal(before, Free(disk));
        Assert.False(SpaceReserve.GiveUp(database), "it was there twice");
    }

    [Fact]
    public void Keep_where_less_than_twice_as_much_is_free_takes_nothing()
    {
        using var disk = SmallDisk.TryMount(_folder.File("disk"), megabytes: 24);
        Assert.SkipWhen(disk is null, SmallDisk.Needed);
        var database = Create(disk.Path);
        disk.FillBut((2 * SpaceReserve.Bytes) - Mebibyte);
        var before = Free(disk);

        SpaceReserve.Keep(database);

        Assert.Equal(before, Free(disk));
        Assert.False(SpaceReserve.GiveUp(database), "it was taken");
    }

    [Fact]
    public void Keep_without_a_database_leaves_no_file()
    {
        SpaceReserve.Keep(new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={_folder.File("none.db")}" }, TimeProvider.System));

        Assert.Empty(_folder.Names);
    }

    private static SqliteDatabase Create(string directory)
    {
        var file = new SqliteFile(Path.Combine(directory, "threatlens.db"));
        file.Execute("CREATE TABLE t(a)");
        return new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = $"Data Source={file.Path}" }, TimeProvider.System);
    }

    private static long Free(SmallDisk disk) => new DriveInfo(disk.Path).AvailableFreeSpace;
}
