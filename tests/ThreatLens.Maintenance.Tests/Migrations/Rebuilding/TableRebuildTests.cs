using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Rebuilding;

/// <summary>Tables that get another definition, with all that hangs on them.</summary>
public sealed class TableRebuildTests : SqliteMigrationTestBase
{
    private const string Drop = "-- threatlens: drop-column-if-present\nALTER TABLE t DROP COLUMN gone;";

    [Theory]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, gone TEXT, CHECK (gone <> 'x')", "CHECK")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT CHECK (a <> gone), gone TEXT", "CHECK")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT CONSTRAINT differs CHECK (a <> \"gone\") NOT NULL, gone TEXT", "differs")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, gone TEXT UNIQUE", "UNIQUE")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, [Gone] TEXT, CONSTRAINT u UNIQUE (a, GONE COLLATE NOCASE)", "UNIQUE")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, gone TEXT REFERENCES p(id)", "REFERENCES")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, gone TEXT, FOREIGN KEY (gone) REFERENCES p(id) ON DELETE SET NULL", "FOREIGN")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, gone TEXT, CONSTRAINT c CHECK (gone > 1) CONSTRAINT d UNIQUE (gone)", "UNIQUE")]
    public void Drop_column_in_constraints_takes_those_along(string columns, string without)
    {
        File.Execute($"CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE t ({columns}); INSERT INTO t (id, a, gone) VALUES (7, 'x;y', NULL), (9, 'é', NULL)");
        var content = File.Content("t", "id, a");

        Migrate(Drop);

        Assert.Equal(["id", "a"], File.Lines("SELECT name FROM pragma_table_xinfo('t')"));
        Assert.Equal(content, File.Content("t"));
        Assert.DoesNotContain(without, (string)File.Scalar("SELECT sql FROM sqlite_master WHERE name = 't'")!, StringComparison.Ordinal);
    }

    [Fact]
    public void Drop_column_keeps_the_other_constraints()
    {
        File.Execute(
            """
            CREATE TABLE t (
                id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key
                a TEXT NOT NULL DEFAULT 'gone' CHECK (length(a) < 100) COLLATE NOCASE,
                gone INTEGER CHECK (gone > 0),
                b REAL GENERATED ALWAYS AS (id * 2) STORED,
                parent INTEGER REFERENCES t (id) ON DELETE CASCADE,
                CHECK (a <> 'gone(1)'), CHECK (gone < 5 OR a IS NULL), UNIQUE (a, parent)
            );
            INSERT INTO t (a, gone, parent) VALUES ('one', 1, NULL), ('two', 2, 1), ('three', 3, 99);
            DELETE FROM t WHERE a = 'three'; INSERT INTO t (id, a, gone, parent) VALUES (50, 'lost', 1, 99); DELETE FROM t WHERE id = 50;
            INSERT INTO t (id, a, gone, parent) VALUES (3, 'orphan', 1, 99);
            """);
        var content = File.Content("t", "id, a, b, parent");

        Migrate(Drop);

        Assert.Equal(content, File.Content("t"));
        Assert.Equal(["t|50"], File.Lines("SELECT name, seq FROM sqlite_sequence WHERE name = 't'"));
        Assert.Equal(["t|parent|id|CASCADE"], File.Lines("SELECT \"table\", \"from\", \"to\", on_delete FROM pragma_foreign_key_list('t')"));
        Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() => File.Execute("INSERT INTO t (a) VALUES ('gone(1)')"));
        Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() => File.Execute("INSERT INTO t (a, parent) VALUES ('TWO', 1)"));
        File.Execute("INSERT INTO t (parent) VALUES (1)");
        Assert.Equal(["51|gone|102|1"], File.Lines("SELECT * FROM t WHERE id > 50"));
    }

    [Theory]
    [InlineData("CREATE VIEW slow AS SELECT id FROM t WHERE gone > 1", "view slow")]
    [InlineData("CREATE VIEW slow AS SELECT \"gone\" FROM t; CREATE VIEW slower AS SELECT * FROM slow", "view slow")]
    [InlineData("CREATE VIEW inner_ AS SELECT * FROM t; CREATE VIEW outer_ AS SELECT gone FROM inner_", "view outer_")]
    [InlineData("CREATE VIEW named(x, y, z) AS SELECT * FROM t", "view named")]
    [InlineData("CREATE TRIGGER flag AFTER UPDATE ON t WHEN NEW.gone = 1 BEGIN SELECT 1; END", "trigger flag")]
    [InlineData("CREATE TRIGGER flag AFTER UPDATE OF a, gone ON t BEGIN SELECT 1; END", "trigger flag")]
    [InlineData("CREATE TRIGGER far DELETE ON other BEGIN UPDATE t SET a = CASE WHEN gone > 1 THEN 'x' ELSE 'y' END; END", "trigger far")]
    [InlineData("CREATE TRIGGER copy AFTER INSERT ON t BEGIN INSERT INTO other SELECT * FROM t; END", "trigger copy")]
    [InlineData("CREATE VIEW v AS SELECT id, a FROM t; CREATE TRIGGER put INSTEAD OF INSERT ON v BEGIN INSERT INTO t (gone) VALUES (NEW.a); END", "trigger put")]
    [InlineData("CREATE INDEX own ON t (a, gone)", "index own")]
    [InlineData("CREATE INDEX own ON t (a) WHERE \"gone\" > 1", "index own")]
    [InlineData("CREATE INDEX own ON t (lower(gone))", "index own")]
    [InlineData("CREATE INDEX one ON t (gone); CREATE TRIGGER two DELETE ON t BEGIN SELECT OLD.gone; END", "index one, trigger two")]
    [InlineData("CREATE UNIQUE INDEX k ON t (gone); CREATE TABLE child (x REFERENCES t (gone))", "index k, foreign key of child")]
    public void Drop_column_that_others_use_is_refused_naming_them(string sql, string names)
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, gone INTEGER); CREATE TABLE other (id, a, gone); INSERT INTO t VALUES (1, 'a', 2); " + sql);
        var before = File.Snapshot();

        var error = Expect.Refusal(ErrorReasons.ObjectsInTheWay, () => Migrate(Drop));

        Assert.Contains(names, error.Metadata["objects"], StringComparison.Ordinal);
        Assert.Contains($"001_change.up.sql, statement 1 (line 2): t cannot be changed", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Snapshot());
    }

    [Theory]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT, gone INTEGER, b AS (gone + 1)", "generated column b")]
    [InlineData("a TEXT, gone INTEGER, PRIMARY KEY (a, gone)", "primary key")]
    [InlineData("a TEXT, gone INTEGER PRIMARY KEY", "primary key")]
    public void Drop_column_that_the_table_is_built_on_is_refused(string columns, string why)
    {
        File.Execute($"CREATE TABLE t ({columns})");

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Migrate(Drop));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Drop_column_beside_a_view_that_never_worked_keeps_both()
    {
        File.Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, gone TEXT); CREATE VIEW broken AS SELECT x FROM nowhere; INSERT INTO t VALUES (1, 'a', 'b')");

        Migrate(Drop);

        Assert.Equal(["1|a"], File.Lines("SELECT * FROM t"));
        Assert.Equal(["CREATE VIEW broken AS SELECT x FROM nowhere"], File.Lines("SELECT sql FROM sqlite_master WHERE type = 'view'"));
    }

    [Fact]
    public void Rebuild_keeps_everything_that_hangs_on_the_table()
    {
        File.Execute(
            """
            CREATE TABLE "order" (id INTEGER PRIMARY KEY, "größe" TEXT, [group] INT, note TEXT);
            CREATE INDEX "by größe" ON "order" ("größe" COLLATE NOCASE DESC) WHERE "group" > 0;
            CREATE UNIQUE INDEX upper ON "order" (upper(note));
            CREATE TABLE line (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES "order" (id) ON DELETE CASCADE);
            CREATE TABLE log (what TEXT);
            CREATE VIEW big AS SELECT id, "größe" FROM "order" WHERE "group" > 1;
            CREATE VIEW bigger AS SELECT * FROM big;
            CREATE TRIGGER logged AFTER UPDATE OF note ON "order" BEGIN
                INSERT INTO log VALUES (CASE WHEN NEW.note IS NULL THEN 'none; really' ELSE 'some' END);
            END;
            CREATE TRIGGER far AFTER INSERT ON line BEGIN UPDATE "order" SET note = 'n' || NEW.id WHERE id = NEW.order_id; END;
            CREATE TRIGGER put INSTEAD OF INSERT ON big BEGIN INSERT INTO "order" (id) VALUES (NEW.id); END;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                INSERT INTO "order" SELECT i * 3, 'Größe ' || i, i % 5, 'note ' || i FROM n;
            INSERT INTO line SELECT id, id FROM "order"; INSERT INTO line VALUES (-1, 12345678);
            DELETE FROM log;
            """);
        var before = File.Content("\"order\"", "id, \"größe\", \"group\", note");
        var lines = File.Content("line");
        var others = Others();

        Migrate(
            """
            -- threatlens: rebuild-table
            CREATE TABLE "Order" (
                id INTEGER PRIMARY KEY, note TEXT, "größe" TEXT NOT NULL CHECK (length("größe") < 50), "group" INTEGER NOT NULL DEFAULT 0, added TEXT DEFAULT 'new'
            );
            """);

        Assert.Equal(before, File.Content("\"order\"", "id, \"größe\", \"group\", note"));
        Assert.Equal(lines, File.Content("line"));
        Assert.Equal(others, Others());
        Assert.Equal(["new"], File.Lines("SELECT DISTINCT added FROM \"order\""));
        Assert.Equal("ok", File.Scalar("PRAGMA integrity_check"));
        File.Execute("INSERT INTO line (order_id) VALUES (3)");
        Assert.Equal(["some"], File.Lines("SELECT what FROM log"));
        Assert.Equal(["order|id"], File.Lines("SELECT \"table\", \"to\" FROM pragma_foreign_key_list('line')"));

        string Others() => string.Join('\n', File.Lines("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT IN ('order', 'schema_migrations', 'sqlite_sequence') AND sql IS NOT NULL ORDER BY name"));
    }

    [Theory]
    [InlineData("a TEXT, b INT, PRIMARY KEY (a, b)", "a TEXT, b INTEGER, PRIMARY KEY (b, a)", "WITHOUT ROWID")]
    [InlineData("a TEXT, b INT", "a TEXT, b INTEGER NOT NULL", "")]
    [InlineData("a TEXT, b INT, rowid TEXT", "a TEXT, b INTEGER NOT NULL, rowid TEXT", "")]
    [InlineData("a TEXT, b INT", "a TEXT, b INTEGER NOT NULL", "STRICT")]
    [InlineData("a TEXT, b INTEGER PRIMARY KEY AUTOINCREMENT", "b INTEGER PRIMARY KEY, a TEXT", "")]
    [InlineData("b INTEGER PRIMARY KEY DESC, a TEXT", "a TEXT, b INTEGER PRIMARY KEY DESC", "")]
    public void Rebuild_keeps_rowids_and_the_kind_of_table(string columns, string newColumns, string kind)
    {
        File.Execute($"CREATE TABLE t ({columns}) {kind}; INSERT INTO t (a, b) VALUES ('x', 5), ('y', 3), ('z', 9); DELETE FROM t WHERE a = 'x'");
        var rowid = kind == "WITHOUT ROWID" ? "1" : "_rowid_";
        var before = File.Lines($"SELECT {rowid}, a, b FROM t ORDER BY b");

        Migrate($"-- threatlens: rebuild-table\nCREATE TABLE main.t ({newColumns}) {kind};");

        Assert.Equal(before, File.Lines($"SELECT {rowid}, a, b FROM t ORDER BY b"));
        Assert.EndsWith(kind, (string)File.Scalar("SELECT sql FROM sqlite_master WHERE name = 't'")!, StringComparison.Ordinal);
        Assert.Equal(0L, File.Scalar("SELECT count(*) FROM sqlite_master WHERE name LIKE 'threatlens%'"));
    }

    [Theory]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT NOT NULL", "NOT NULL constraint failed: t.a")]
    [InlineData("id INTEGER PRIMARY KEY, a TEXT NOT NULL ON CONFLICT IGNORE", "NOT NULL constraint failed: t.a")]
    [InlineData("id INTEGER PRIMARY KEY, b TEXT UNIQUE ON CONFLICT REPLACE", "UNIQUE constraint failed: t.b")]
    [InlineData("id INTEGER PRIMARY KEY, b TEXT CHECK (b = 'other')", "CHECK constraint failed")]
    [InlineData("id INTEGER PRIMARY KEY, b TEXT REFERENCES p (id)", "rows would refer to nothing: 2 of t to p")]
    [InlineData("id INTEGER PRIMARY KEY, b INTEGER, CHECK (nowhere > 1)", "no such column: nowhere")]
    [InlineData("other TEXT", "no column in common")]
    public void Rebuild_that_the_rows_do_not_fit_leaves_no_trace(string columns, string why)
    {
        File.Execute("CREATE TABLE p (id TEXT PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); INSERT INTO t VALUES (1, NULL, 'x'), (2, 'a', 'x')");
        var before = File.Snapshot();

        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Migrate($"CREATE TABLE first (id);\n-- threatlens: rebuild-table\nCREATE TABLE t ({columns});"));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Equal(("2", "3"), (error.Metadata["statement"], error.Metadata["line"]));
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Rebuild_table_that_is_not_there_fails_by_name()
    {
        var error = Expect.Refusal(ErrorReasons.MigrationFailed, () => Migrate("-- threatlens: rebuild-table\nCREATE TABLE nowhere (id);"));

        Assert.Contains("there is no table nowhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rebuild_in_the_migrations_is_part_of_the_expected_schema()
    {
        var catalog = new MigrationCatalog(
        [
            MigrationCatalogTests.Create("001_first", "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, gone TEXT, CHECK (gone > 1)); CREATE INDEX i ON t (a);"),
            MigrationCatalogTests.Create("002_second", "-- threatlens: rebuild-table\nCREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, gone TEXT, CHECK (gone > 2));\n" + Drop),
        ]);
        Engine(catalog: catalog).Migrate(new MigrateCommand());

        var report = Engine(catalog: catalog).Validate();

        Assert.Empty(report.Differences);
        Assert.Equal(["id|INTEGER", "a|TEXT"], File.Lines("SELECT name, type FROM pragma_table_info('t')"));
    }

    private void Migrate(string up) => Engine(catalog: new MigrationCatalog([MigrationCatalogTests.Create("001_change", up)])).Migrate(new MigrateCommand { Allow = ["drop-column-with-data"] });
}
