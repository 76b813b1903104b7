using ThreatLens.Maintenance.Migrations.Linting;
using ThreatLens.Maintenance.Migrations.Rehearsal;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>What Migrate or Rollback would do. Made from one snapshot of the database.</summary>
public sealed record MigrationPlan
{
    /// <summary>The current version now; null when none is applied.</summary>
    public required MigrationVersion? From { get; init; }

    /// <summary>The current version after it; null when none would be applied.</summary>
    public required MigrationVersion? To { get; init; }

    /// <summary>The migrations in the order they would run; empty when there is nothing to do.</summary>
    public required IReadOnlyList<MigrationStep> Steps { get; init; }

    /// <summary>The hooks that would run, in the order of their moments; empty when there is nothing to do.</summary>
    public IReadOnlyList<PlannedHook> Hooks { get; init; } = [];

    /// <summary>How migrations that come late in the order are treated.</summary>
    public required MigrationOrder Order { get; init; }

    /// <summary>What the linter says.</summary>
    public required IReadOnlyList<LintFinding> Findings { get; init; }

    /// <summary>What would be lost, by table and column.</summary>
    public required IReadOnlyList<ValueLoss> Losses { get; init; }

    /// <summary>Whether more may be lost than can be told without running it.</summary>
    public bool MayLoseMore { get; init; }

    /// <summary>Values (non-null cells) that would be lost.</summary>
    public long ValuesLost => Losses.Sum(l => l.Values);

    /// <summary>Bytes by which the database would grow, estimated: new indexes and copies of tables.</summary>
    public required long NewBytes { get; init; }

    /// <summary>Bytes that would be written over, estimated: the write-ahead log holds them, too.</summary>
    public required long RewrittenBytes { get; init; }

    /// <summary>Bytes that the backup before it would take; 0 when none would be taken.</summary>
    public long BackupBytes { get; init; }

    /// <summary>Bytes that must be free on the database's disk, the backup included when it goes there; 0 when there is nothing to do.</summary>
    public long RequiredFreeBytes { get; init; }

    /// <summary>Bytes free there.</summary>
    public long AvailableFreeBytes { get; init; }

    /// <summary>What a rehearsal measured; null without one.</summary>
    public MigrationRehearsal? Rehearsal { get; init; }

    /// <summary>Binds schema, history, scripts and request, but no rows: 64 hexadecimal digits.</summary>
    public required string Etag { get; init; }
}

/// <summary>One migration of a plan.</summary>
public sealed record MigrationStep
{
    /// <summary>Its version.</summary>
    public required MigrationVersion Version { get; init; }

    /// <summary>Whether its down script would run.</summary>
    public bool IsDown { get; init; }

    /// <summary>Whether it is recorded already, without a checksum: what is missing of it would be created, and its checksum filled.</summary>
    public bool IsAdoption { get; init; }

    /// <summary>The checksum that the history would get; empty for a down script.</summary>
    public string Checksum { get; init; } = "";

    /// <summary>The statements in order.</summary>
    public required IReadOnlyList<PlannedStatement> Statements { get; init; }
}

/// <summary>A script of the operator's own that would run around the migrations of a plan.</summary>
/// <param name="Script">Its file name, which says when: <c>beforeMigrate.sql</c> once, <c>beforeEachMigrate.sql</c> for each migration.</param>
/// <param name="Statements">Its statements in order; their rows are those of all its runs.</param>
public sealed record PlannedHook(string Script, IReadOnlyList<PlannedStatement> Statements);

/// <summary>One statement of a plan.</summary>
/// <param name="Sql">As it would run.</param>
/// <param name="Number">Its position in its script, from 1; 0 for one that comes from no script: it creates what is missing of an adopted database.</param>
/// <param name="Line">The line of the script it begins on, from 1; 0 without a script.</param>
public sealed record PlannedStatement(string Sql, int Number, int Line)
{
    /// <summary>Whether a directive says to leave it out on this database.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>The rows it touches, exactly; null when that cannot be told without running what comes before it.</summary>
    public long? Rows { get; init; }

    /// <summary>Whether it copies a whole table.</summary>
    public bool RebuildsTable { get; init; }
}

/// <summary>Values of one column that would be lost.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">The column.</param>
/// <param name="Values">Non-null cells.</param>
/// <param name="Rows">Rows of the table that would go with them; 0 when the rows stay.</param>
public sealed record ValueLoss(string Table, string Column, long Values, long Rows)
{
    /// <summary>For people: <c>table.column: N values</c>.</summary>
    public override string ToString() => $"{Table}.{Column}: {Counted(Values, "value")}";

    /// <summary>In few lines: a table whose rows go is one, with its rows; other columns are one each.</summary>
    /// <param name="losses">What would be lost.</param>
    public static IReadOnlyList<string> Describe(IEnumerable<ValueLoss> losses) =>
    [
        .. losses.GroupBy(l => l.Table, StringComparer.OrdinalIgnoreCase).SelectMany(table => table.Max(l => l.Rows) is > 0 and var rows
            ? [$"{table.Key}: {Counted(rows, "row")}, {Counted(table.Sum(l => l.Values), "value")}"]
            : table.Select(l => l.ToString())),
    ];

    private static string Counted(long number, string what) => FormattableString.Invariant($"{number} {what}{(number == 1 ? "" : "s")}");
}
