namespace ThreatLens.Maintenance.Statistics;

/// <summary>How large the database is, and what takes the room. All bytes are of whole pages.</summary>
public sealed record DatabaseSize
{
    /// <summary>Length of the main file, bytes. It follows <see cref="DatabaseBytes"/> with the next complete checkpoint.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Length of the write-ahead log, bytes; 0 when there is none.</summary>
    public required long WalBytes { get; init; }

    /// <summary>The database itself, bytes: <see cref="Objects"/>, <see cref="FreeBytes"/> and <see cref="OverheadBytes"/> add up to it.</summary>
    public required long DatabaseBytes { get; init; }

    /// <summary>Free pages within the database, bytes.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Pages that belong to no object, bytes: the pointer map, and the page that locks are on in files over 1 GiB.</summary>
    public required long OverheadBytes { get; init; }

    /// <summary>Per table and index, the largest first.</summary>
    public required IReadOnlyList<ObjectSize> Objects { get; init; }

    /// <summary>How the objects' sizes were obtained, for people.</summary>
    public required string Method { get; init; }

    /// <summary>When, UTC.</summary>
    public required DateTimeOffset MeasuredAt { get; init; }
}

/// <summary>Size of a table or an index.</summary>
/// <param name="Type"><c>table</c> or <c>index</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Table">The table it belongs to; of a table its own name.</param>
/// <param name="Bytes">All its pages, bytes.</param>
/// <param name="BytesError">Largest relative error of <paramref name="Bytes"/>, 0 to 1; 0: exact.</param>
/// <param name="Rows">Rows; 0 for an index.</param>
/// <param name="RowsError">Largest relative error of <paramref name="Rows"/>, 0 to 1; 0: exact.</param>
/// <param name="UnusedBytes">Bytes of its leaf pages that hold nothing, estimated; what a rewrite could save.</param>
public sealed record ObjectSize(string Type, string Name, string Table, long Bytes, double BytesError, long Rows, double RowsError, long UnusedBytes);
