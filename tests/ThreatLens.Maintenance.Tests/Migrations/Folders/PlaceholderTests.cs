using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Folders;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Folders;

public sealed class PlaceholderTests : SqliteMigrationTestBase
{
    [Theory]
    [InlineData("SELECT ${a};", "1", "SELECT 1;")]
    [InlineData("CREATE TABLE ${A}_x (a);", "eu", "CREATE TABLE eu_x (a);")]
    [InlineData("CREATE TABLE \"${a}\" ([${a}], `${a}`);", "e\"u`", "CREATE TABLE \"e\"\"u`\" ([e\"u`], `e\"u```);")]
    [InlineData("SELECT 'say ${a}; ${a}';", "it's", "SELECT 'say it''s; it''s';")]
    [InlineData("SELECT 'say ${a}';", "'; DROP TABLE t; --", "SELECT 'say ''; DROP TABLE t; --';")]
    [InlineData("SELECT x'${a}';", "00FF", "SELECT x'00FF';")]
    [InlineData("SELECT $${a}, '$${', '$$${a}', '$a$';", "1", "SELECT ${a}, '${', '$${a}', '$a$';")]
    [InlineData("-- ${nobody} knows\n/* ${ */ SELECT ${a};", "-1", "-- ${nobody} knows\n/* ${ */ SELECT -1;")]
    [InlineData("-- threatlens: allow ${a}\nSELECT 1;", "destructive", "-- threatlens: allow ${a}\nSELECT 1;")]
    [InlineData("SELECT '${a}';", "-- threatlens: no-transaction", "SELECT '-- threatlens: no-transaction';")]
    [InlineData("SELECT '${a}';", "${a}", "SELECT '${a}';")]
    public void Replace_puts_values_in_as_values(string sql, string value, string expected) => Assert.Equal(expected, Replace(sql, value));

    [Theory]
    [InlineData("SELECT ${a};", "1; DROP TABLE t", 1, 1)]
    [InlineData("SELECT 1;\n\nSELECT ${a};", "1 -- threatlens: no-transaction", 3, 2)]
    [InlineData("SELECT 1;\nSELECT ${a};", "'open", 2, 2)]
    [InlineData("SELECT [${a}];", "a]b", 1, 1)]
    [InlineData("SELECT 'a\n${nobody}';", "1", 2, 1)]
    [InlineData("SELECT 1;\nSELECT '${', 2;", "1", 2, 2)]
    [InlineData("SELECT 1;\nSELECT ${a b};", "1", 2, 2)]
    public void Replace_that_does_not_fit_names_file_line_and_statement(string sql, string value, int line, int statement)
    {
        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => Replace(sql, value));

        Assert.StartsWith($"1000_a.up.sql, line {line} (statement {statement}): ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT -${a};", "-1")]
    [InlineData("SELECT 2 -${a}- 1;", "")]
    [InlineData("SELECT 2 /${a} 1;", "*")]
    public void Replace_that_would_make_a_comment_is_refused(string sql, string value) => Expect.Refusal(ErrorReasons.MigrationInvalid, () => Replace(sql, value));

    [Fact]
    public void Replace_value_with_a_line_break_names_its_setting() => Assert.Contains(
        "Maintenance:Migrations:Placeholders:a", Expect.Refusal(ErrorReasons.MigrationInvalid, () => Replace("SELECT 1;", "1\n2")).Message, StringComparison.Ordinal);

    [Fact]
    public void Migrate_with_other_values_is_the_same_migration()
    {
        var scripts = new ScriptFolder(Folder.File("scripts")).Placeholder("region", "eu");
        scripts.With("1000_a.up.sql", "CREATE TABLE ${region}_events (what TEXT DEFAULT '${region}');").With("1000_a.down.sql", "DROP TABLE ${region}_events;");
        Engine(catalog: scripts.Load()).Migrate(new MigrateCommand());
        Assert.Contains("eu_events", File.Tables());
        Assert.Equal("DROP TABLE eu_events;", File.Scalar("SELECT rollback_sql FROM schema_migrations WHERE version = '1000_a'"));

        Assert.Empty(Engine(catalog: scripts.Placeholder("region", "us").Load()).Migrate(new MigrateCommand()).Applied);
    }

    private static string Replace(string sql, string value) => new Placeholders(new Dictionary<string, string> { ["a"] = value }).Replace("1000_a.up.sql", sql);
}
