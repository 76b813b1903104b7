using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>A statement in a few words of low cardinality, as OpenTelemetry's database conventions want it.</summary>
/// <param name="Text">The summary, such as "CREATE TABLE log_sources": the name of the statement's span.</param>
/// <param name="Operation">The operation, upper case: "CREATE INDEX", "INSERT".</param>
/// <param name="Collection">The table the statement works on; null when it names none.</param>
public sealed record SqlSummary(string Text, string Operation, string? Collection)
{
    private const int MostTokens = 64;

    // Words between the operation's verb and its object that say nothing about it.
    private static readonly HashSet<string> Fillers = new(StringComparer.OrdinalIgnoreCase) { "UNIQUE", "TEMP", "TEMPORARY", "VIRTUAL" };

    /// <summary>Derives the summary from the statement's first words; values never come into it.</summary>
    /// <param name="sql">One statement.</param>
    public static SqlSummary Of(string sql)
    {
        var tokens = SqlLexer.Read(sql).Where(t => t.Kind != SqlTokenKind.Comment).Take(MostTokens).ToList();
        if (tokens.Count == 0 || tokens[0].Kind != SqlTokenKind.Word)
            return new SqlSummary("SQL", "SQL", null);

        var verb = tokens[0].Text.ToUpperInvariant();
        return verb switch
        {
            "CREATE" or "DROP" or "ALTER" => OfDefinition(verb, tokens),
            "INSERT" or "REPLACE" => OfTable(verb, NameAfter(tokens, "INTO")),
            "DELETE" or "SELECT" => OfTable(verb, NameAfter(tokens, "FROM")),
            "UPDATE" => OfTable(verb, NameAt(tokens, tokens.Count > 1 && tokens[1].Is("OR") ? 3 : 1)),
            "BEGIN" or "COMMIT" or "ROLLBACK" or "VACUUM" or "ANALYZE" => new SqlSummary(verb, verb, null),
            _ => OfTable(verb, null),
        };
    }

    // CREATE|DROP|ALTER [UNIQUE...] TABLE|INDEX|TRIGGER|VIEW [IF [NOT] EXISTS] name [ON table]
    private static SqlSummary OfDefinition(string verb, List<SqlToken> tokens)
    {
        var at = 1;
        while (at < tokens.Count && Fillers.Contains(tokens[at].Text))
            at++;
        if (at >= tokens.Count)
            return OfTable(verb, null);

        var kind = tokens[at].Text.ToUpperInvariant();
        var operation = $"{verb} {kind}";
        at++;
        while (at < tokens.Count && (tokens[at].Is("IF") || tokens[at].Is("NOT") || tokens[at].Is("EXISTS")))
            at++;
        if (NameAt(tokens, at) is not { } name)
            return new SqlSummary(operation, operation, null);
        var table = kind == "TABLE" ? name : NameAfter(tokens, "ON");
        return new SqlSummary($"{operation} {name}", operation, table);
    }

    private static SqlSummary OfTable(string verb, string? table) =>
        new(table is null ? verb : $"{verb} {table}", verb, table);

    private static string? NameAfter(List<SqlToken> tokens, string keyword)
    {
        var at = tokens.FindIndex(t => t.Is(keyword));
        return at < 0 ? null : NameAt(tokens, at + 1);
    }

    // A name may be qualified: main.events is the table events.
    private static string? NameAt(List<SqlToken> tokens, int at)
    {
        if (at >= tokens.Count || !tokens[at].IsName)
            return null;
        return at + 2 < tokens.Count && tokens[at + 1].IsSymbol(".") && tokens[at + 2].IsName ? tokens[at + 2].Name : tokens[at].Name;
    }
}
