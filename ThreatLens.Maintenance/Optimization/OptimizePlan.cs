using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Optimization;

/// <summary>How a file gives its free pages back. The numbers are SQLite's.</summary>
public enum AutoVacuum
{
    /// <summary>Only by a rewrite.</summary>
    None = 0,

    /// <summary>With every commit.</summary>
    Full = 1,

    /// <summary>When asked, in slices.</summary>
    Incremental = 2,
}

/// <summary>What an optimization would do.</summary>
public sealed record OptimizePlan
{
    /// <summary>How the file gives pages back now.</summary>
    public required AutoVacuum AutoVacuum { get; init; }

    /// <summary>The steps, in order, for people.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>Tables whose statistics would be refreshed.</summary>
    public required IReadOnlyList<string> StaleTables { get; init; }

    /// <summary>What takes the room now, by table and index.</summary>
    public required DatabaseSize Size { get; init; }

    /// <summary>Bytes of the database's pages now.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Bytes of its free pages now.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Bytes within used leaf pages that hold nothing, estimated: what only a rewrite gives back.</summary>
    public required long UnusedBytes { get; init; }

    /// <summary>Bytes it would give back, estimated.</summary>
    public required long ExpectedGainBytes { get; init; }

    /// <summary>Free bytes it needs on the database's disk.</summary>
    public required long RequiredFreeBytes { get; init; }

    /// <summary>Free bytes that there are.</summary>
    public required long AvailableFreeBytes { get; init; }

    /// <summary>Longest time that writers would be kept out at a stretch, estimated.</summary>
    public required TimeSpan EstimatedWriteLock { get; init; }

    /// <summary>Whether the whole file would be rewritten.</summary>
    public required bool Rewrites { get; init; }

    /// <summary>Binds the request, the schema and auto_vacuum: 64 hexadecimal digits. Not the counts, which change with every row.</summary>
    public required string Etag { get; init; }
}

/// <summary>What an optimization did.</summary>
/// <param name="BytesBefore">Length of the file before, with its write-ahead log moved into it as far as readers let it.</param>
/// <param name="BytesAfter">Length of the file after.</param>
/// <param name="FreeBytesAfter">Free pages left, bytes.</param>
/// <param name="WalBytesAfter">Length of the write-ahead log after; not 0 when somebody still reads from it, or writes meanwhile.</param>
/// <param name="ReturnedPages">Pages given back in slices.</param>
/// <param name="Slices">How many slices that were.</param>
/// <param name="Rewrote">Whether the whole file was rewritten.</param>
/// <param name="AutoVacuum">How the file gives pages back now.</param>
/// <param name="AnalyzedTables">Tables whose statistics were refreshed.</param>
/// <param name="LongestWriteLock">Longest time that writers were kept out at a stretch.</param>
public sealed record OptimizeResult(
    long BytesBefore, long BytesAfter, long FreeBytesAfter, long WalBytesAfter, long ReturnedPages, int Slices, bool Rewrote, AutoVacuum AutoVacuum,
    IReadOnlyList<string> AnalyzedTables, TimeSpan LongestWriteLock);
