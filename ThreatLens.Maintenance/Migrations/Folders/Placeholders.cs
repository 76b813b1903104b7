using System.Text;
using System.Text.RegularExpressions;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations.Folders;

/// <summary>
/// Puts values in for <c>${name}</c>; <c>$${</c> is a plain <c>${</c>. A value stays a value: within a string or a quoted name its quotes are
/// doubled, elsewhere it may be names, numbers and operators, but neither end a statement nor begin a comment. Comments, and so directives, are
/// left as they are written.
/// </summary>
internal sealed partial class Placeholders
{
    private readonly IReadOnlyDictionary<string, string> _values;

    /// <param name="values">Values by name, in any case.</param>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID: a value with a control character, which would move the lines that errors name.</exception>
    public Placeholders(IReadOnlyDictionary<string, string> values)
    {
        _values = new Dictionary<string, string>(values, StringComparer.OrdinalIgnoreCase);
        if (values.FirstOrDefault(v => v.Value.Any(char.IsControl)).Key is { } bad)
            throw ScriptFiles.Invalid($"Maintenance:Migrations:Placeholders:{bad}", "the value has a line break or another control character");
    }

    /// <summary>The script with its values.</summary>
    /// <exception cref="MaintenanceException">MIGRATION_INVALID naming script and line: an unknown placeholder, or a value that does not fit where it stands.</exception>
    public string Replace(string script, string sql)
    {
        if (!sql.Contains("${", StringComparison.Ordinal))
            return sql;
        var result = new StringBuilder(sql.Length);
        var from = 0;
        foreach (var token in SqlLexer.Read(sql).Where(t => t.Kind is SqlTokenKind.Comment or SqlTokenKind.Literal or SqlTokenKind.QuotedName or SqlTokenKind.Unterminated))
        {
            result.Append(Replace(script, sql, from..token.Start, Bare));
            result.Append(token.Kind is SqlTokenKind.Comment ? token.Text : Replace(script, sql, token.Start..token.End, value => Quoted(token.Text[0], value)));
            from = token.End;
        }

        var replaced = result.Append(Replace(script, sql, from..sql.Length, Bare)).ToString();
        // Where a value meets what stands beside it, "-" and "-" make a comment.
        return Comments(sql).SequenceEqual(Comments(replaced))
            ? replaced
            : throw ScriptFiles.Invalid(script, "the values of its placeholders make comments of what stands beside them");
    }

    private static IEnumerable<string> Comments(string sql) => SqlLexer.Read(sql).Where(t => t.Kind == SqlTokenKind.Comment).Select(t => t.Text);

    private string Replace(string script, string sql, Range range, Func<string, string?> fit)
    {
        var start = range.Start.Value;
        return Pattern().Replace(sql[range], match =>
        {
            if (match.Value == "$${")
                return "${";
            var name = match.Groups[1].Value;
            if (name.Length == 0)
                throw Invalid("'${' begins a placeholder, and no name and '}' follow; write $${ for a plain ${");
            if (!_values.TryGetValue(name, out var value))
                throw Invalid($"the placeholder ${{{name}}} has no value; set Maintenance:Migrations:Placeholders:{name}, or write $${{ for a plain ${{");
            return fit(value) ?? throw Invalid($"the value of ${{{name}}} would end the statement, the string or the name it stands in");

            MaintenanceException Invalid(string problem)
            {
                var before = sql[..(start + match.Index)];
                return ScriptFiles.Invalid(script, 1 + before.AsSpan().Count('\n'), problem, MigrationScriptParser.StatementAtEnd(before));
            }
        });
    }

    private static string? Quoted(char quote, string value) => quote switch
    {
        '[' => value.Contains(']', StringComparison.Ordinal) ? null : value,
        // x'...' is a literal too.
        'x' or 'X' => Quoted('\'', value),
        _ => value.Replace(new string(quote, 1), new string(quote, 2), StringComparison.Ordinal),
    };

    private static string? Bare(string value) =>
        SqlLexer.Read(value).All(t => t.Kind is not (SqlTokenKind.Comment or SqlTokenKind.Unterminated) && !t.IsSymbol(";")) ? value : null;

    [GeneratedRegex(@"\$\$\{|\$\{(?:([A-Za-z0-9_.-]+)\})?")]
    private static partial Regex Pattern();
}
