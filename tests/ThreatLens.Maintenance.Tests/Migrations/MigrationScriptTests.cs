using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using ThreatLens.Maintenance.Migrations.Planning;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

public sealed class MigrationScriptTests
{
    private const string Trigger =
        """
        CREATE TRIGGER keep_time AFTER UPDATE ON t BEGIN
            UPDATE t SET a = CASE WHEN NEW.a > 1 THEN 2 ELSE 3 END WHERE id = NEW.id;
            INSERT INTO log VALUES ('changed; -- really');
        END;
        """;

    [Theory]
    [InlineData("SELECT 1; SELECT 2;", "SELECT 1;", "SELECT 2;")]
    [InlineData("SELECT 1", "SELECT 1\n;")]
    [InlineData("SELECT 1 -- the last; one", "SELECT 1\n;")]
    [InlineData(";;SELECT 1;;;SELECT 2;;", "SELECT 1;", "SELECT 2;")]
    [InlineData("INSERT INTO t VALUES ('a;b');SELECT 2;", "INSERT INTO t VALUES ('a;b');", "SELECT 2;")]
    [InlineData("INSERT INTO t VALUES ('it''s; fine');", "INSERT INTO t VALUES ('it''s; fine');")]
    [InlineData("SELECT 1 AS \"a;\"\"b\";SELECT 2;", "SELECT 1 AS \"a;\"\"b\";", "SELECT 2;")]
    [InlineData("SELECT 1 AS [a;b], 2 AS `c;d`;", "SELECT 1 AS [a;b], 2 AS `c;d`;")]
    [InlineData("SELECT 1 -- no; end\n + 2; SELECT 3;", "SELECT 1 -- no; end\n + 2;", "SELECT 3;")]
    [InlineData("SELECT /* a; 'b */ 1; SELECT 2;", "SELECT /* a; 'b */ 1;", "SELECT 2;")]
    [InlineData("-- only; a comment\nSELECT 1;\n/* ; */", "SELECT 1;")]
    [InlineData("SELECT x'3B', '--;';SELECT 2;", "SELECT x'3B', '--;';", "SELECT 2;")]
    [InlineData("\uFEFFSELECT 1;\r\nSELECT 2;\r\n", "SELECT 1;", "SELECT 2;")]
    [InlineData(Trigger + "SELECT 2;", Trigger, "SELECT 2;")]
    [InlineData("CREATE TEMP TRIGGER IF NOT EXISTS x DELETE ON t BEGIN SELECT 1; END; SELECT 2;",
        "CREATE TEMP TRIGGER IF NOT EXISTS x DELETE ON t BEGIN SELECT 1; END;", "SELECT 2;")]
    [InlineData("CREATE TABLE \"trigger\" (a); SELECT 2;", "CREATE TABLE \"trigger\" (a);", "SELECT 2;")]
    public void Parse_statements_end_where_sqlite_says(string sql, params string[] expected) =>
        Assert.Equal(expected, Parse(sql).Statements.Select(s => s.Sql));

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("-- nothing\n/* at all */")]
    public void Parse_nothing_but_comments_has_no_statements(string sql) => Assert.Empty(Parse(sql).Statements);

    [Fact]
    public void Parse_statements_know_their_lines_and_numbers()
    {
        var script = Parse("-- one\r\n\r\nSELECT 'a\r\nb';\r\n/* five\r\nsix */ SELECT 2;\r\n");

        Assert.Equal([(1, 3), (2, 6)], script.Statements.Select(s => (s.Number, s.Line)));
    }

    [Fact]
    public void Parse_large_insert_is_one_statement()
    {
        var sql = "INSERT INTO t VALUES " + string.Join(",\n", Enumerable.Repeat("('a;b', 1)", 500_000)) + ";\nSELECT 1;";

        var script = Parse(sql);

        Assert.Equal([1, 500_001], script.Statements.Select(s => s.Line));
    }

    [Theory]
    [InlineData(Trigger)]
    [InlineData("CREATE TABLE commits (begin_at TEXT, \"end\" TEXT);")]
    [InlineData("INSERT INTO t VALUES ('COMMIT;');")]
    [InlineData("SELECT 1; -- COMMIT;")]
    public void Parse_words_that_steer_transactions_mean_nothing_elsewhere(string sql) =>
        Assert.DoesNotContain(Parse(sql).Statements, s => s.Action is StatementAction.TransactionControl or StatementAction.Savepoint or StatementAction.Pragma);

    [Theory]
    [InlineData("SELECT 'a", 1)]
    [InlineData("SELECT 1;\nSELECT \"a;", 2)]
    [InlineData("SELECT 1;\n\nSELECT [a;", 3)]
    [InlineData("CREATE TRIGGER x DELETE ON t BEGIN SELECT 1;", 1)]
    [InlineData("SELECT 1;\nINSERT INTO t VALUES (?1);", 2)]
    [InlineData("SELECT :name;", 1)]
    [InlineData("SELECT 1;\nSELECT\0;", 2)]
    public void Parse_unreadable_script_names_the_line(string sql, int line) =>
        Assert.Equal(line.ToString(System.Globalization.CultureInfo.InvariantCulture), Invalid(sql).Metadata["line"]);

    [Fact]
    public void Parse_directives_reach_their_statements()
    {
        var script = Parse(
            """
            -- threatlens: description Adds things; and more
            -- threatlens: refuse-if-rows a, b_2
            -- threatlens: add-column-if-missing
            ALTER TABLE events ADD COLUMN "my ""column" TEXT;
            --threatlens:drop-column-if-present
            -- and a remark between
            alter table [events] drop x;
            SELECT 1;
            """);

        Assert.Equal("Adds things; and more", script.Description);
        Assert.Equal(["a", "b_2"], script.RefuseIfRows);
        Assert.Equal(
            [(StatementCondition.ColumnMissing, "events", "my \"column"), (StatementCondition.ColumnPresent, "events", "x"), (StatementCondition.None, "", "")],
            script.Statements.Select(s => (s.Condition, s.Table, s.Column)));
    }

    [Theory]
    [InlineData("-- threatlens: add-colum-if-missing\nSELECT 1;", 1)]
    [InlineData("-- threatlens:\nSELECT 1;", 1)]
    [InlineData("SELECT 1;\n-- threatlens: description late", 2)]
    [InlineData("-- threatlens: description\nSELECT 1;", 1)]
    [InlineData("-- threatlens: add-column-if-missing", 1)]
    [InlineData("-- threatlens: add-column-if-missing\nCREATE TABLE t (a);", 1)]
    [InlineData("-- threatlens: add-column-if-missing\nALTER TABLE t DROP COLUMN a;", 1)]
    [InlineData("-- threatlens: drop-column-if-present\nALTER TABLE t ADD COLUMN a;", 1)]
    [InlineData("-- threatlens: drop-column-if-present\nALTER TABLE main.t DROP COLUMN a;", 1)]
    [InlineData("-- threatlens: drop-column-if-present\n-- threatlens: drop-column-if-present\nALTER TABLE t DROP a;", 2)]
    [InlineData("ALTER TABLE t\n-- threatlens: add-column-if-missing\nADD COLUMN a;", 2)]
    [InlineData("-- threatlens: refuse-if-rows\nSELECT 1;", 1)]
    [InlineData("-- threatlens: refuse-if-rows a; b\nSELECT 1;", 1)]
    [InlineData("SELECT 1;\n-- threatlens: refuse-if-rows a\n", 2)]
    public void Parse_directive_that_means_nothing_is_refused(string sql, int line) =>
        Assert.Equal(line.ToString(System.Globalization.CultureInfo.InvariantCulture), Invalid(sql).Metadata["line"]);

    private static MigrationScript Parse(string sql) => MigrationScript.Parse("test.up.sql", sql);

    private static MaintenanceException Invalid(string sql) => Expect.Refusal(ErrorReasons.MigrationInvalid, () => Parse(sql));
}
