namespace ThreatLens.Maintenance.Migrations.Linting;

/// <summary>The names of what the linter objects to. A script allows one with <c>-- threatlens: allow NAME</c>, a request with its <c>allow</c> field.</summary>
public static class LintRules
{
    /// <summary>A table that holds rows is dropped.</summary>
    public const string DropTableWithData = "drop-table-with-data";

    /// <summary>A column that holds values is dropped.</summary>
    public const string DropColumnWithData = "drop-column-with-data";

    /// <summary>Rows are deleted.</summary>
    public const string DeleteRows = "delete-rows";

    /// <summary>A column without a default that must not be null is added to a table that holds rows.</summary>
    public const string NotNullWithoutDefault = "not-null-without-default";

    /// <summary>A large table is copied as a whole while nothing else can be written.</summary>
    public const string RebuildOfLargeTable = "rebuild-of-large-table";

    /// <summary>A statement begins or ends a transaction, or cannot run within one.</summary>
    public const string TransactionControl = "transaction-control";

    /// <summary>A PRAGMA.</summary>
    public const string Pragma = "pragma";

    /// <summary>SQLite does not take the statement on this schema. Told by plans; it cannot be allowed.</summary>
    public const string DoesNotRun = "does-not-run";

    /// <summary>Stands for all rules about losing data.</summary>
    public const string Destructive = "destructive";

    /// <summary>The rules that <see cref="Destructive"/> stands for.</summary>
    public static IReadOnlyList<string> OfDestructive { get; } = [DropTableWithData, DropColumnWithData, DeleteRows];

    /// <summary>Every rule, and <see cref="Destructive"/>.</summary>
    public static IReadOnlyList<string> Known { get; } =
        [DropTableWithData, DropColumnWithData, DeleteRows, NotNullWithoutDefault, RebuildOfLargeTable, TransactionControl, Pragma, Destructive];
}
