using System.Text;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>
/// Says whether an up script is still the one that was applied. Comments, whitespace between tokens and line ends do not count, so that
/// a reformatted script or another git line-end setting is no alarm; every token does, with its case, and so do whitespace inside
/// literals and quoted names and the directives that decide what runs (not the description).
/// Only the up script counts: the down script has not run yet, and mending it must stay possible after a release. The
/// history keeps the down script as it was when its migration was applied.
/// </summary>
public static class MigrationChecksum
{
    // Cannot stand in a script (the parser refuses it), so that two tokens never read like one.
    private const char Separator = '\0';

    /// <summary>The checksum of an up script.</summary>
    /// <param name="upSql">The script.</param>
    /// <returns>SHA-256, 64 lower-case hexadecimal digits.</returns>
    public static string Compute(string upSql) => TextDigest.Of(Normalise(upSql));

    private static string Normalise(string sql)
    {
        var meaning = new StringBuilder(sql.Length);
        var lexer = new SqlLexer(sql);
        while (lexer.MoveNext())
        {
            if (lexer.Kind is SqlTokenKind.Word or SqlTokenKind.Symbol)
                meaning.Append(lexer.Text).Append(Separator);
            else if (lexer.Kind != SqlTokenKind.Comment)
                meaning.Append(LineEnds(lexer.Text.ToString())).Append(Separator);
            else if (ScriptDirective.Parse(lexer.Text.ToString(), lexer.Line) is { Name: not ScriptDirective.Description } directive)
                meaning.Append("--").Append(directive.Name).Append(' ').Append(directive.Argument).Append(Separator);
        }

        return meaning.ToString();
    }

    // The same script checked out with CRLF has them inside its literals, too.
    private static string LineEnds(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);
}
