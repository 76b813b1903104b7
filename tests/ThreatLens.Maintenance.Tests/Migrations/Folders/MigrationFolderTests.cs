using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations.Folders;

public sealed class MigrationFolderTests : SqliteMigrationTestBase
{
    private readonly ScriptFolder _scripts;

    public MigrationFolderTests() => _scripts = new ScriptFolder(Folder.File("scripts"));

    [Fact]
    public void Load_scripts_come_after_the_products_and_go_up_and_down()
    {
        _scripts.With("1001_b.up.sql", "CREATE INDEX ib ON a (x);").With("1001_b.down.sql", "DROP INDEX ib;");
        _scripts.With("1000_a.up.sql", "-- threatlens: description Makes a\nCREATE TABLE a (x);").With("1000_a.down.sql", "DROP TABLE a;");
        _scripts.With("README.md", "not a script").With(".hidden.sql", "nor this");
        var catalog = _scripts.Load();

        Assert.Equal(["000", "001", "002", "003", "1000", "1001"], catalog.Migrations.Select(m => m.Version.Id.Split('_')[0]));
        Assert.Equal("Makes a", catalog.Migrations[4].Description);
        Assert.Equal("1001_b", Engine(catalog: catalog).Migrate(new MigrateCommand()).To?.Id);
        Assert.True(Engine(catalog: catalog).Validate().IsValid);
        Assert.Equal(["ib"], File.Lines("SELECT name FROM sqlite_master WHERE tbl_name = 'a' AND type = 'index'"));
        Assert.Equal("003_optimize_realtime_indexes", Engine(catalog: catalog).Rollback(new RollbackCommand { Steps = 2 }).To?.Id);
        Assert.DoesNotContain("a", File.Tables());
    }

    [Fact]
    public void Load_relative_path_begins_at_the_root()
    {
        _scripts.With("1000_a.up.sql", "CREATE TABLE a (x);");

        var catalog = MigrationCatalog.Load("Sqlite", new MigrationOptions { Path = "scripts" }, Folder.Path);

        Assert.Equal("1000_a", catalog.Latest?.Id);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Load_without_a_folder_is_the_product(string? path) =>
        Assert.Equal(Product.Migrations, MigrationCatalog.Load("Sqlite", new MigrationOptions { Path = path }, "/").Migrations);

    [Theory]
    [InlineData("002_mine: its number is also that of 002_add_realtime_fields", "002_mine.up.sql")]
    [InlineData("1000_a.down.sql is missing", "1000_a.up.sql", "-")]
    [InlineData("1000_a.up.sql is missing", "1000_a.down.sql")]
    [InlineData("1000_a.sql: the name must end with", "1000_a.sql")]
    [InlineData("1000_a.UP.SQL: the name must end with", "1000_a.UP.SQL")]
    [InlineData("1000_größe.up.sql: the name must be", "1000_größe.up.sql")]
    [InlineData("V1__a.up.sql: the name must be", "V1__a.up.sql")]
    [InlineData("beforeMigrat.sql: the name must end with", "beforeMigrat.sql")]
    public void Load_file_that_is_neither_is_refused_by_name(string message, string name, string? without = null)
    {
        _scripts.With(name, "SELECT 1;");
        if (without is not null)
            System.IO.File.Delete(Path.Combine(_scripts.Path, name.Replace(".up.", ".down.", StringComparison.Ordinal)));

        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => _scripts.Load());

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_script_in_a_folder_below_is_refused_rather_than_left_out()
    {
        Directory.CreateDirectory(Path.Combine(_scripts.Path, "v2"));
        System.IO.File.WriteAllText(Path.Combine(_scripts.Path, "v2", "1000_a.up.sql"), "SELECT 1;");

        var error = Expect.Refusal(ErrorReasons.MigrationInvalid, () => _scripts.Load());

        Assert.Contains(Path.Combine("v2", "1000_a.up.sql"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_links_into_a_hidden_folder_as_mounted_volumes_have_them_are_read()
    {
        var data = Directory.CreateDirectory(Path.Combine(_scripts.Path, "..2026_11_24")).FullName;
        foreach (var name in (string[])["1000_a.up.sql", "1000_a.down.sql"])
        {
            System.IO.File.WriteAllText(Path.Combine(data, name), "SELECT 1;");
            System.IO.File.CreateSymbolicLink(Path.Combine(_scripts.Path, name), Path.Combine("..2026_11_24", name));
        }

        Assert.Equal("1000_a", _scripts.Load().Latest?.Id);
    }

    [Theory]
    [InlineData("missing", "there is no such folder")]
    [InlineData("file.txt", "it is a file")]
    public void Load_folder_that_cannot_be_read_names_setting_and_path(string name, string why)
    {
        System.IO.File.WriteAllText(Folder.File("file.txt"), "");

        var error = Expect.Refusal(ErrorReasons.MigrationsFolderUnusable, () => MigrationCatalog.Load("Sqlite", new MigrationOptions { Path = Folder.File(name) }, "/"));

        Assert.Contains($"Maintenance:Migrations:Path is {Folder.File(name)}: {why}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CREATE VIEW v AS SELECT processing_time FROM events;\n-- threatlens: drop-column-if-present\nALTER TABLE events DROP COLUMN processing_time;", ErrorReasons.ObjectsInTheWay)]
    [InlineData("-- threatlens: refuse-if-rows a\nCREATE VIEW v AS SELECT x FROM a;", ErrorReasons.RollbackRefused)]
    [InlineData("INSERT INTO nowhere VALUES (1);", ErrorReasons.MigrationFailed)]
    public void Migrate_of_a_new_database_keeps_what_came_before_a_script_that_is_refused(string up, string reason)
    {
        var engine = Engine(catalog: _scripts.With("1000_a.up.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (1);").With("1001_b.up.sql", up).Load());

        var error = Expect.Refusal(reason, () => engine.Migrate(new MigrateCommand()));

        Assert.EndsWith("1000_a", error.Metadata["appliedVersions"], StringComparison.Ordinal);
        Assert.Equal("1000_a", engine.GetStatus().CurrentVersion?.Id);
        Assert.Equal(["1"], File.Lines("SELECT x FROM a"));
        Assert.DoesNotContain("v", File.Lines("SELECT name FROM sqlite_master"));
    }

    [Fact]
    public void Status_without_the_folder_that_a_version_came_from_says_so_and_changes_nothing()
    {
        Engine(catalog: _scripts.With("1000_a.up.sql", "CREATE TABLE a (x);").Load()).Migrate(new MigrateCommand());
        var before = File.Snapshot();

        Assert.True(Engine().GetStatus().IsNewerThanService);
        var error = Expect.Refusal(ErrorReasons.DatabaseNewer, () => Engine().Rollback(new RollbackCommand()));

        Assert.Contains("Maintenance:Migrations:Path", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Snapshot());
    }

    [Fact]
    public void Migrate_edited_script_of_the_folder_is_refused()
    {
        Engine(catalog: _scripts.With("1000_a.up.sql", "CREATE TABLE a (x);").Load()).Migrate(new MigrateCommand());

        Engine(catalog: _scripts.With("1000_a.up.sql", "\uFEFF-- better said\r\nCREATE TABLE a\r\n(x);").Load()).Migrate(new MigrateCommand());
        Expect.Refusal(ErrorReasons.ChecksumMismatch, () => Engine(catalog: _scripts.With("1000_a.up.sql", "CREATE TABLE a (y);").Load()).Migrate(new MigrateCommand()));
    }
}
