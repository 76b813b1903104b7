using System.Text;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Folders;

/// <summary>Scripts as people and editors really write them: the right result, or an error that names file, line and statement.</summary>
public sealed class HostileScriptTests : SqliteMigrationTestBase
{
    private const string Table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);\n";

    private readonly ScriptFolder _scripts;

    public HostileScriptTests() => _scripts = new ScriptFolder(Folder.File("scripts"));

    [Theory]
    [InlineData("INSERT INTO t (a) VALUES ('a;b'), ('it''s; \"fine\"'), ('--;'), ('/*;');", "a;b|it's; \"fine\"|--;|/*;")]
    [InlineData("INSERT INTO t (a) VALUES ('x')", "x")]
    [InlineData("INSERT INTO t (a) VALUES ('x') -- the end", "x")]
    [InlineData("INSERT INTO t (a) VALUES ('x'); /* never closed; INSERT INTO t (a) VALUES ('y');", "x")]
    [InlineData("/* /* nested? */ INSERT INTO t (a) VALUES ('x');", "x")]
    [InlineData("-- /* not a comment's beginning\nINSERT INTO t (a) VALUES ('x'); -- */", "x")]
    [InlineData(";;;INSERT INTO t (a) VALUES ('x');;; ;", "x")]
    [InlineData("INSERT INTO t (a) VALUES ('-- threatlens: no-transaction'), ('\n-- threatlens: nonsense\n');", "-- threatlens: no-transaction|\n-- threatlens: nonsense\n")]
    [InlineData("/* threatlens: nonsense */ INSERT INTO t (a) VALUES ('x');", "x")]
    [InlineData("INSERT INTO t (a)\r\nVALUES ('x') -- one\r\n, ('y');\r\n", "x|y")]
    [InlineData("\fINSERT\tINTO\ft (a) VALUES ('\u00A0é漢😀');", "\u00A0é漢😀")]
    [InlineData("CREATE TABLE \"a;b\" ([c;d] TEXT, `e;f`); INSERT INTO t (a) SELECT 'x';", "x")]
    [InlineData("\uFEFFINSERT INTO t (a) VALUES ('x'); \uFEFF INSERT INTO t (a) VALUES ('\uFEFF');", "x|\uFEFF")]
    [InlineData("CREATE TABLE log (\"it's \"\"ä;\"\" 漢\" TEXT); INSERT INTO log VALUES ('x'); INSERT INTO t (a) SELECT \"it's \"\"ä;\"\" 漢\" FROM log;", "x")]
    [InlineData("CREATE TABLE log (what TEXT, n INT AS (length(what)) STORED, \"end\" AS (n || ';') VIRTUAL); INSERT INTO log VALUES ('abc'); INSERT INTO t (a) SELECT \"end\" FROM log;", "3;")]
    [InlineData("CREATE VIRTUAL TABLE log USING fts5(what, tokenize = \"unicode61 separators ';'\"); INSERT INTO log VALUES ('x;y'); INSERT INTO t (a) SELECT what FROM log WHERE log MATCH 'y';", "x;y")]
    [InlineData("CREATE TABLE log (what TEXT PRIMARY KEY) WITHOUT ROWID, STRICT; INSERT INTO log VALUES ('x'); INSERT INTO t (a) SELECT what FROM log;", "x")]
    [InlineData("CREATE VIEW v1 AS SELECT 'x;' AS c; CREATE VIEW v2 AS SELECT c FROM v1; INSERT INTO t (a) SELECT c FROM v2; DROP VIEW v2; DROP VIEW v1;", "x;")]
    [InlineData(
        """
        CREATE TRIGGER "end" AFTER INSERT ON t WHEN NEW.id < 4 BEGIN
            INSERT INTO t (a) SELECT CASE WHEN NEW.a LIKE '%;' THEN NEW.a ELSE NEW.a || ';' END;
        END -- of it
        ;
        INSERT INTO t (a) VALUES ('x');
        """,
        "x|x;")]
    [InlineData(
        """
        CREATE TABLE log (what TEXT);
        CREATE TRIGGER logged AFTER INSERT ON t WHEN NEW.a <> ';' BEGIN
            INSERT INTO log VALUES (CASE WHEN NEW.a = 'END;' THEN 'end; BEGIN' ELSE (SELECT CASE 1 WHEN 1 THEN 'other' END) END); -- END;
            /* END; */ UPDATE t SET a = a || ';' WHERE id = NEW.id;
        END;
        INSERT INTO t (a) VALUES ('END;');
        INSERT INTO t (a) SELECT what FROM log;
        """,
        "END;;|end; BEGIN;")]
    public void Migrate_runs_what_is_meant(string sql, string expected)
    {
        foreach (var text in (string[])[sql, sql.ReplaceLineEndings("\r\n")])
        {
            File.Execute("DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS log; DROP TABLE IF EXISTS \"a;b\"; DROP TABLE IF EXISTS schema_migrations");

            Migrate("\uFEFF" + Table + text);

            Assert.Equal(expected, string.Join('|', File.Lines("SELECT a FROM t ORDER BY id")).ReplaceLineEndings("\n"));
        }
    }

    [Theory]
    [InlineData("SELECT 1;\nSELECT 'open;\n", 3, 3)]
    [InlineData("CREATE TRIGGER x DELETE ON t BEGIN SELECT 1; END", 2, 2, true)]
    [InlineData("SELECT 1;\n\nCREATE TRIGGER x DELETE ON t BEGIN\n SELECT 1;\n", 4, 3)]
    [InlineData("CREATE", 2, 2, true)]
    [InlineData("INSERT INTO t VALUES (?, :b);", 2, 2)]
    [InlineData("SELECT 1;\nSELECT 'a\n\0b';", 4, 3)]
    [InlineData("-- a\0\nSELECT 1;", 2, 2)]
    [InlineData("SELECT 1;\n-- threatlens: add-colum-if-missing\nSELECT 2;", 3, 3)]
    public void Load_script_that_cannot_be_run_names_file_line_and_statement(string sql, int line, int statement, bool isFine = false)
    {
        if (isFine)
            _scripts.With("1000_x.up.sql", Table + sql).Load();
        else
            Refused(Encoding.UTF8.GetBytes(Table + sql), line, statement);
    }

    [Theory]
    [InlineData("iso-8859-1", "INSERT INTO t (a) VALUES ('größe');", 2, 2)]
    [InlineData("iso-8859-1", "SELECT 1;\nSELECT 2;\n-- für später\nSELECT 3;", 4, 4)]
    [InlineData("utf-16", "SELECT 1;", 1, 1)]
    [InlineData("utf-16BE", "SELECT 1;", 1, 1)]
    [InlineData("utf-32", "SELECT 1;", 1, 1)]
    public void Load_file_that_is_not_utf8_names_file_line_and_statement(string encoding, string sql, int line, int statement)
    {
        var encoded = Encoding.GetEncoding(encoding);

        var error = Refused(encoded.GetBytes(Table + sql), line, statement);
        Assert.Contains("UTF-8", error.Message, StringComparison.Ordinal);
        Refused([.. encoded.GetPreamble(), .. encoded.GetBytes(Table + sql)], line, statement);
    }

    [Fact]
    public void Load_file_that_ends_within_a_character_names_the_byte()
    {
        var error = Refused([.. "SELECT 1;\nSELECT 'é"u8.ToArray()[..^1]], 2, 2);

        Assert.Equal("18", error.Metadata["byte"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("\r\n \t")]
    [InlineData(";;")]
    [InlineData("-- later\n/* or never */")]
    public void Load_up_script_that_does_nothing_is_refused_by_name(string sql)
    {
        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => _scripts.With("1000_x.up.sql", sql).Load());

        Assert.StartsWith("1000_x.up.sql: the script has no statement", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rollback_down_script_that_does_nothing_takes_the_version_away()
    {
        var engine = Engine(catalog: _scripts.With("1000_x.up.sql", "CREATE TABLE IF NOT EXISTS kept (a);").With("1000_x.down.sql", "-- what came stays").Load());
        engine.Migrate(new MigrateCommand());

        engine.Rollback(new RollbackCommand());

        Assert.Equal("003_optimize_realtime_indexes", engine.GetStatus().CurrentVersion?.Id);
        Assert.Contains("kept", File.Tables());
    }

    [Theory]
    [InlineData("INSERT INTO nowhere VALUES (1);", "no such table: nowhere")]
    [InlineData("SELEKT 1;", "syntax error")]
    [InlineData("INSERT INTO t (id) VALUES (1);", "UNIQUE constraint failed: t.id")]
    [InlineData("INSERT OR ROLLBACK INTO t (id) VALUES (1);", "UNIQUE constraint failed: t.id")]
    public void Migrate_script_that_fails_in_its_last_statement_leaves_no_trace(string last, string why)
    {
        _scripts.With("1000_a.up.sql", "CREATE TABLE first (a);");
        Engine(catalog: _scripts.Load()).Migrate(new MigrateCommand());
        var before = File.Snapshot();
        _scripts.With("1001_x.up.sql", $"{Table}INSERT INTO t VALUES (1, 'a;b');\nINSERT INTO first VALUES (1);\n\n-- the last\n{last}");

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(catalog: _scripts.Load()).Migrate(new MigrateCommand()));

        Assert.StartsWith("1001_x.up.sql, statement 4 (line 6) failed: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Migrate_insert_of_five_megabytes_runs()
    {
        var text = new StringBuilder(Table).Append("INSERT INTO t (a) VALUES\n");
        while (text.Length < 5 * 1024 * 1024)
            text.Append("('a;b -- it''s row'), ('").Append('x', 40).Append("'),\n");

        Migrate(text.Append("('last');").ToString());

        Assert.Equal(["last"], File.Lines("SELECT a FROM t ORDER BY id DESC LIMIT 1"));
        Assert.Equal(2 * (text.ToString().Split('\n').Length - 3) + 1L, File.Scalar("SELECT count(*) FROM t WHERE a IN ('a;b -- it''s row', 'last') OR length(a) = 40"));
    }

    [Fact]
    public void Migrate_line_of_a_million_characters_and_trigger_of_many_statements_run()
    {
        var value = new string('y', 1_000_000);
        var body = string.Concat(Enumerable.Repeat("UPDATE t SET a = a WHERE id = NEW.id; ", 20_000));

        Migrate($"{Table}CREATE TRIGGER big AFTER DELETE ON t BEGIN {body.Replace("NEW", "OLD", StringComparison.Ordinal)}END; INSERT INTO t (a) VALUES ('{value}');");

        Assert.Equal(1_000_000L, File.Scalar("SELECT length(a) FROM t"));
    }

    [Fact]
    public void Migrate_ten_thousand_statements_run_and_the_one_that_fails_is_named()
    {
        var sql = string.Concat(Enumerable.Range(1, 10_000).Select(i => $"INSERT INTO t (id, a) VALUES ({i}, ';{i}');\n"));
        Migrate(Table + sql);
        Assert.Equal(10_000L, File.Scalar("SELECT count(*) FROM t WHERE a = ';' || id"));
        _scripts.With("1001_y.up.sql", sql.Replace("(id, a) VALUES (", "(id, a) VALUES (10000 + ", StringComparison.Ordinal) + "INSERT INTO t (id) VALUES ('last');");

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Engine(catalog: _scripts.Load()).Migrate(new MigrateCommand()));

        Assert.Equal(("1001_y.up.sql", "10001", "10001"), (error.Metadata["script"], error.Metadata["line"], error.Metadata["statement"]));
        Assert.Equal(10_000L, File.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Migrate_hundreds_of_files_run_in_order()
    {
        for (var i = 0; i < 200; i++)
            _scripts.With($"{1000 + i}_x.up.sql", i == 0 ? Table : $"INSERT INTO t (a) VALUES ('{i}');");

        Assert.Equal(204, Engine(catalog: _scripts.Load()).Migrate(new MigrateCommand()).Applied.Count);

        Assert.Equal(Enumerable.Range(1, 199).Select(i => $"{i}|{i}"), File.Lines("SELECT id, a FROM t ORDER BY id"));
    }

    [Theory]
    [InlineData("COMMIT;", 2, 2)]
    [InlineData("SELECT 1;\n/* ; */ -- ;\nend transaction;", 4, 3)]
    [InlineData("SELECT 1; ROLLBACK;", 2, 3)]
    [InlineData("PRAGMA foreign_keys = ON;", 2, 2)]
    [InlineData("pRaGmA /* x */ writable_schema = ON;", 2, 2)]
    [InlineData("\uFEFFCOMMIT;", 2, 2)]
    [InlineData("SELECT 1; \uFEFF\uFEFF END;", 2, 3)]
    [InlineData("/* a */ -- b\n;; cOmMiT /* c */ tRaNsAcTiOn;", 3, 2)]
    [InlineData("rollback /* TO */ transaction;", 2, 2)]
    [InlineData("sAvEpOiNt a;", 2, 2)]
    [InlineData("--\nrelease\n\tsavepoint a;", 3, 2)]
    [InlineData("rollback to a;", 2, 2)]
    [InlineData("attach database ':memory:' as x;", 2, 2)]
    [InlineData("/**/detach x;", 2, 2)]
    [InlineData("vacuum;", 2, 2)]
    public void Migrate_script_that_steers_its_transaction_is_refused_and_stops_nothing_else(string sql, int line, int statement)
    {
        var engine = Engine(catalog: _scripts.With("1000_x.up.sql", Table + sql).Load());

        var error = Expect.Refusal(ErrorReasons.LintFailed, () => engine.Migrate(new MigrateCommand()));

        Assert.Equal(("1000_x.up.sql", $"{line}", $"{statement}"), (error.Metadata["script"], error.Metadata["line"], error.Metadata["statement"]));
        Assert.False(System.IO.File.Exists(File.Path));
        Assert.Equal(4, engine.Migrate(new MigrateCommand { TargetVersion = "003" }).Applied.Count);
    }

    private void Migrate(string up) => Engine(catalog: _scripts.With("1000_x.up.sql", up).Load()).Migrate(new MigrateCommand());

    private MaintenanceException Refused(byte[] up, int line, int statement)
    {
        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => _scripts.With("1000_x.up.sql", up).Load());
        Assert.StartsWith($"1000_x.up.sql, line {line} (statement {statement}): ", error.Message, StringComparison.Ordinal);
        Assert.Equal(("1000_x.up.sql", $"{line}", $"{statement}"), (error.Metadata["script"], error.Metadata["line"], error.Metadata["statement"]));
        return error;
    }
}
