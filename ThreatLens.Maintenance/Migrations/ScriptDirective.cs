namespace ThreatLens.Maintenance.Migrations;

/// <summary>
/// A comment that tells the engine what SQL cannot say: <c>-- threatlens: name argument</c>.
/// <list type="bullet">
/// <item><c>description TEXT</c>: what the migration does, on the first line of an up script.</item>
/// <item><c>add-column-if-missing</c>: the ALTER TABLE ... ADD COLUMN that follows is skipped where the column is there.</item>
/// <item><c>drop-column-if-present</c>: the ALTER TABLE ... DROP COLUMN that follows is skipped where the column is gone, and the table is rebuilt
/// where SQLite refuses to drop it.</item>
/// <item><c>rebuild-table</c>: the CREATE TABLE that follows is the new definition of a table that is there; rows, indexes and triggers are kept.</item>
/// <item><c>refuse-if-rows TABLE, TABLE</c>: the script is refused while one of the tables has rows.</item>
/// <item><c>allow RULE, RULE</c>: the linter's objections of these names are meant so; <c>destructive</c> stands for all about losing data.</item>
/// <item><c>no-transaction</c>: the script runs statement by statement, outside of a transaction.</item>
/// </list>
/// </summary>
internal sealed record ScriptDirective(string Name, string Argument, int Line)
{
    public const string Description = "description";
    public const string AddColumnIfMissing = "add-column-if-missing";
    public const string DropColumnIfPresent = "drop-column-if-present";
    public const string RebuildTable = "rebuild-table";
    public const string RefuseIfRows = "refuse-if-rows";
    public const string Allow = "allow";
    public const string NoTransaction = "no-transaction";

    private const string Marker = "threatlens:";

    /// <summary>The names that scripts may use.</summary>
    public static IReadOnlyList<string> Known { get; } = [Description, AddColumnIfMissing, DropColumnIfPresent, RebuildTable, RefuseIfRows, Allow, NoTransaction];

    /// <summary>The directive in a comment; null when the comment is only a comment.</summary>
    public static ScriptDirective? Parse(string comment, int line)
    {
        if (!comment.StartsWith("--", StringComparison.Ordinal))
            return null;
        var text = comment[2..].Trim();
        if (!text.StartsWith(Marker, StringComparison.OrdinalIgnoreCase))
            return null;
        var words = text[Marker.Length..].Trim().Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new ScriptDirective(words.ElementAtOrDefault(0) ?? "", words.ElementAtOrDefault(1) ?? "", line);
    }
}
