using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>Tells kinds of statements apart by their first words.</summary>
internal static class StatementKind
{
    private const int MostWords = 12;

    private static readonly Dictionary<string, StatementAction> ByFirstWord = new(StringComparer.OrdinalIgnoreCase)
    {
        ["BEGIN"] = StatementAction.TransactionControl,
        ["COMMIT"] = StatementAction.TransactionControl,
        ["END"] = StatementAction.TransactionControl,
        ["ROLLBACK"] = StatementAction.TransactionControl,
        ["VACUUM"] = StatementAction.TransactionControl,
        ["ATTACH"] = StatementAction.TransactionControl,
        ["DETACH"] = StatementAction.TransactionControl,
        ["SAVEPOINT"] = StatementAction.Savepoint,
        ["RELEASE"] = StatementAction.Savepoint,
        ["PRAGMA"] = StatementAction.Pragma,
        ["INSERT"] = StatementAction.Insert,
        ["REPLACE"] = StatementAction.Insert,
        ["UPDATE"] = StatementAction.Update,
        ["DELETE"] = StatementAction.Delete,
    };

    /// <summary>The kind by the statement's text; reads only its beginning, unless that is WITH.</summary>
    public static StatementAction Of(string sql)
    {
        var tokens = SqlLexer.Read(sql).Where(t => t.Kind != SqlTokenKind.Comment);
        var first = tokens.Take(MostWords).ToList();
        return first.Count > 0 && first[0].Is("WITH") ? Of([.. tokens]) : Of(first);
    }

    /// <summary>The kind by the statement's first tokens, comments left out.</summary>
    public static StatementAction Of(List<SqlToken> tokens)
    {
        if (tokens.Count == 0)
            return StatementAction.Other;
        var first = tokens[0];
        if (first.Is("ROLLBACK") && tokens.Exists(t => t.Is("TO")))
            return StatementAction.Savepoint;
        if (first.Is("CREATE") && tokens.Count > 2)
            return tokens[1].Is("TABLE") ? StatementAction.CreateTable
                : tokens[1].Is("INDEX") || tokens[2].Is("INDEX") ? StatementAction.CreateIndex
                : StatementAction.Other;
        if (first.Is("DROP") && tokens.Count > 2)
            return tokens[1].Is("TABLE") ? StatementAction.DropTable : StatementAction.DropOther;
        if (first.Is("ALTER"))
            return Alter(tokens);
        var verb = SkipWith(tokens);
        return verb < tokens.Count && tokens[verb].Kind == SqlTokenKind.Word ? ByFirstWord.GetValueOrDefault(tokens[verb].Text) : StatementAction.Other;
    }

    /// <summary>Where the verb stands: behind the common table expressions, when there are any.</summary>
    public static int SkipWith(List<SqlToken> tokens)
    {
        if (tokens.Count == 0 || !tokens[0].Is("WITH"))
            return 0;
        for (var i = 1; i < tokens.Count; i++)
        {
            if (tokens[i].IsSymbol("("))
                i = SqlMeaning.Close(tokens, i);
            else if (tokens[i].Is("SELECT") || tokens[i].Is("VALUES") || tokens[i].Is("INSERT") || tokens[i].Is("REPLACE") || tokens[i].Is("UPDATE") || tokens[i].Is("DELETE"))
                return i;
        }

        return tokens.Count;
    }

    // ALTER TABLE [main .] name VERB [COLUMN] name ...
    private static StatementAction Alter(List<SqlToken> tokens)
    {
        var verb = tokens.Count > 3 && tokens[3].IsSymbol(".") ? 5 : 3;
        if (tokens.Count <= verb + 1 || !tokens[1].Is("TABLE") || !tokens[2].IsName || (verb == 5 && !tokens[2].Is("main")))
            return StatementAction.Other;
        var next = tokens[verb + 1];
        if (tokens[verb].Is("RENAME"))
            return next.Is("TO") && tokens.Count == verb + 3 || next.Is("TO") && tokens[^1].IsSymbol(";") && tokens.Count == verb + 4 ? StatementAction.RenameTable : StatementAction.RenameColumn;
        // Constraints are no columns.
        if (next.Is("CONSTRAINT") || next.Is("CHECK") || !next.IsName)
            return StatementAction.Other;
        return tokens[verb].Is("ADD") ? StatementAction.AddColumn : tokens[verb].Is("DROP") ? StatementAction.DropColumn : StatementAction.Other;
    }
}
