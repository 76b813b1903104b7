using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Statistics.Pages;

/// <summary>
/// The pages of a database as one read transaction sees them, whether they are in the main file or still in the write-ahead log. Formats:
/// https://sqlite.org/fileformat2.html and https://sqlite.org/walformat.html. Not thread-safe.
/// </summary>
internal sealed class SnapshotPages
{
    private const int LogHeader = 32;
    private const int FrameHeader = 24;
    private readonly SqliteFiles _files;
    private readonly Dictionary<uint, uint> _frames = [];
    private readonly byte[] _salt = new byte[8];

    private SnapshotPages(SqliteFiles files) => _files = files;

    /// <summary>Bytes a page.</summary>
    public required int PageSize { get; init; }

    /// <summary>Bytes a page that SQLite uses: without what extensions reserve at its end.</summary>
    public int UsableSize { get; private set; }

    /// <summary>Pages in all.</summary>
    public required uint PageCount { get; init; }

    /// <summary>Pages on the free list.</summary>
    public required uint FreeCount { get; init; }

    /// <summary>Whether there are pointer-map pages: auto_vacuum is not NONE.</summary>
    public required bool HasPointerMap { get; init; }

    /// <summary>How many pages were read so far.</summary>
    public long PagesRead { get; private set; }

    /// <summary>The page that holds no content because SQLite's locks are bytes of it; beyond the end in files of less than 1 GiB.</summary>
    public uint LockPage => (uint)(0x40000000 / PageSize) + 1;

    /// <summary>The pages that the connection's open read transaction sees.</summary>
    /// <param name="connection">In a read transaction that has read something.</param>
    /// <param name="snapshot">What <see cref="Identify"/> says of it.</param>
    /// <exception cref="DamagedPageException">The file ends within its first page.</exception>
    public static SnapshotPages Open(SqliteConnection connection, byte[]? snapshot)
    {
        var pages = new SnapshotPages(new SqliteFiles(connection))
        {
            PageSize = (int)(long)connection.Pragma("page_size")!,
            PageCount = (uint)(long)connection.Pragma("page_count")!,
            FreeCount = (uint)(long)connection.Pragma("freelist_count")!,
            HasPointerMap = (long)connection.Pragma("auto_vacuum")! != 0,
        };
        if (snapshot is not null)
            pages.FindFrames(snapshot);
        var first = new byte[pages.PageSize];
        pages.Read(1, first);
        pages.UsableSize = pages.PageSize - first[20];
        return pages;
    }

    /// <summary>What the open read transaction sees, as 48 bytes that no other state of the database has; null when there is no write-ahead log.</summary>
    public static byte[]? Identify(SqliteConnection connection)
    {
        const int Length = 48;
        if (raw.sqlite3_snapshot_get(connection.Handle, "main", out var snapshot) != raw.SQLITE_OK)
            return null;
        using (snapshot)
        {
            var header = new byte[Length];
            Marshal.Copy(snapshot.DangerousGetHandle(), header, 0, Length);
            return header;
        }
    }

    /// <summary>Reads a page.</summary>
    /// <exception cref="DamagedPageException">There is no such page.</exception>
    public void Read(uint page, Span<byte> buffer)
    {
        PagesRead++;
        if (page == 0 || page > PageCount || !(TryReadFrame(page, buffer) || _files.TryReadMain(buffer, (long)(page - 1) * PageSize)))
            throw new DamagedPageException(page, "is not there");
    }

    // A snapshot is a copy of the header of the log's index: the last frame that counts at 16, the log's salt at 32.
    private void FindFrames(byte[] snapshot)
    {
        var last = BitConverter.ToUInt32(snapshot, 16);
        snapshot.AsSpan(32, _salt.Length).CopyTo(_salt);
        Span<byte> header = stackalloc byte[FrameHeader];
        for (var frame = 1u; frame <= last && IsFrame(frame, header); frame++)
            _frames[BinaryPrimitives.ReadUInt32BigEndian(header)] = frame;
    }

    private bool TryReadFrame(uint page, Span<byte> buffer)
    {
        // When all of the log is in the main file already, a writer may begin the log anew under this reader, which then needs none of it.
        Span<byte> header = stackalloc byte[FrameHeader];
        return _frames.TryGetValue(page, out var frame)
            && _files.TryReadLog(buffer, Offset(frame) + FrameHeader)
            && IsFrame(frame, header)
            && BinaryPrimitives.ReadUInt32BigEndian(header) == page;
    }

    private bool IsFrame(uint frame, Span<byte> header) =>
        _files.TryReadLog(header, Offset(frame)) && header.Slice(8, _salt.Length).SequenceEqual(_salt);

    private long Offset(uint frame) => LogHeader + ((long)(frame - 1) * (FrameHeader + PageSize));
}
