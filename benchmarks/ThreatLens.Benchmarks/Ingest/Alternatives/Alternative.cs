namespace ThreatLens.Benchmarks.Ingest.Alternatives;

/// <summary>How a statement gets its texts.</summary>
internal enum Binding
{
    /// <summary>.NET strings, made UTF-8 and copied for every row.</summary>
    Strings,

    /// <summary>UTF-8, copied by SQLite.</summary>
    Utf8Copied,

    /// <summary>UTF-8 that stays where it is until the statement has run.</summary>
    Utf8InPlace,
}

/// <summary>Who moves pages from the write-ahead log into the database.</summary>
internal enum Checkpoints
{
    /// <summary>The commit that finds a thousand pages in the log: SQLite's default.</summary>
    OnCommit,

    /// <summary>Another thread, PASSIVE, and RESTART between two commits when the log has reached its bound.</summary>
    OnThread,
}

/// <summary>One way to store rows.</summary>
/// <param name="Name">In the table.</param>
internal sealed record Alternative(string Name)
{
    /// <summary>Rows a transaction.</summary>
    public int Group { get; init; } = IngestPlan.Group;

    /// <summary>Rows a statement.</summary>
    public int RowsAStatement { get; init; } = 1;

    public Binding Binding { get; init; } = Binding.Utf8InPlace;

    public Checkpoints Checkpoints { get; init; } = Checkpoints.OnThread;

    /// <summary>Pages in the log at which a checkpoint begins.</summary>
    public int CheckpointPages { get; init; } = 4_000;

    /// <summary>Page cache of the writer's connection, KiB.</summary>
    public int CacheKibibytes { get; init; } = 2_000;

    /// <summary>What is compared; each differs from the first in one thing.</summary>
    public static IReadOnlyList<Alternative> All { get; } =
    [
        new("utf-8 in place, row a statement, 5000, checkpoints on a thread"),
        new("  utf-8 copied by SQLite") { Binding = Binding.Utf8Copied },
        new("  .NET strings") { Binding = Binding.Strings },
        new("  10 rows a statement") { RowsAStatement = 10 },
        new("  50 rows a statement") { RowsAStatement = 50 },
        new("  500 rows a transaction") { Group = 500 },
        new("  2,000 rows a transaction") { Group = 2_000 },
        new("  10,000 rows a transaction") { Group = 10_000 },
        new("  20,000 rows a transaction") { Group = 20_000 },
        new("  checkpoints on commit (SQLite's default)") { Checkpoints = Checkpoints.OnCommit },
        new("  checkpoints on a thread every 1,000 pages") { CheckpointPages = 1_000 },
        new("  checkpoints on a thread every 8,000 pages") { CheckpointPages = 8_000 },
        new("  page cache of 8 MiB") { CacheKibibytes = 8_192 },
        new("  page cache of 32 MiB") { CacheKibibytes = 32_768 },
    ];
}
