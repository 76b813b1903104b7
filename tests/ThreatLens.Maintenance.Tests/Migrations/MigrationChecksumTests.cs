using ThreatLens.Maintenance.Migrations;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Migrations;

public sealed class MigrationChecksumTests
{
    private const string Script = "CREATE TABLE t (a TEXT DEFAULT 'x  y');\nCREATE INDEX i ON t(a) WHERE a >= 'b';\n";

    [Fact]
    public void Compute_is_sha256_in_lower_case_hex() =>
        Assert.Matches("^[0-9a-f]{64}$", MigrationChecksum.Compute(Script));

    [Theory]
    [InlineData("CREATE TABLE t (a TEXT DEFAULT 'x  y');\r\nCREATE INDEX i ON t(a) WHERE a >= 'b';\r\n")]
    [InlineData("  CREATE\tTABLE t(a TEXT\n\nDEFAULT 'x  y') ; CREATE INDEX i ON t( a ) WHERE a>='b' ;")]
    [InlineData("-- threatlens: description what it does\n-- a remark; with a semicolon\n" + Script + "/* the end */")]
    [InlineData("\uFEFF" + Script)]
    public void Compute_layout_comments_and_line_ends_do_not_count(string sql) =>
        Assert.Equal(MigrationChecksum.Compute(Script), MigrationChecksum.Compute(sql));

    [Theory]
    [InlineData("CREATE TABLE t (a TEXT DEFAULT 'x y');\nCREATE INDEX i ON t(a) WHERE a >= 'b';\n")]
    [InlineData("CREATE TABLE t (a TEXT DEFAULT 'x  y');\nCREATE INDEX i ON t(a) WHERE a > 'b';\n")]
    [InlineData("CREATE TABLE \"t\" (a TEXT DEFAULT 'x  y');\nCREATE INDEX i ON t(a) WHERE a >= 'b';\n")]
    [InlineData("CREATE TABLE t (a TEXT DEFAULT 'X  y');\nCREATE INDEX i ON t(a) WHERE a >= 'b';\n")]
    [InlineData("CREATE TABLE t (a TEXT DEFAULT 'x  y');\n-- CREATE INDEX i ON t(a) WHERE a >= 'b';\n")]
    [InlineData("-- threatlens: refuse-if-rows t\n" + Script)]
    [InlineData("")]
    public void Compute_meaning_counts(string sql) =>
        Assert.NotEqual(MigrationChecksum.Compute(Script), MigrationChecksum.Compute(sql));

    [Fact]
    public void Compute_line_ends_within_a_literal_do_not_count_other_whitespace_does()
    {
        Assert.Equal(MigrationChecksum.Compute("SELECT 'a\nb';"), MigrationChecksum.Compute("SELECT 'a\r\nb';"));
        Assert.NotEqual(MigrationChecksum.Compute("SELECT 'a\nb';"), MigrationChecksum.Compute("SELECT 'a b';"));
    }

    // Whoever changes a released script, or the way checksums are computed, is told here that every database in the field will refuse to migrate.
    [Theory]
    [InlineData("000_create_core_tables", "f7b9fdde75357ed87be1ca12d8f318942f2a8f66da2129471661968faae1b239")]
    [InlineData("001_add_realtime_tables", "b6286701107516f69f0ca3631ea34a92cd68a3a9701e10907e9208e4e050c7e6")]
    [InlineData("002_add_realtime_fields", "4ef37e8bf1715e2840478890c1b433ae6b4fae72057d76eaca1342179d72cb96")]
    [InlineData("003_optimize_realtime_indexes", "dc3f734b087fa7339dccc6a7d5e3f1926577f007a01c03f1c8b987875ec6168a")]
    public void Compute_released_scripts_keep_their_checksums(string version, string checksum) =>
        Assert.Equal(checksum, MigrationCatalog.LoadEmbedded("Sqlite").Resolve(version, "version").Checksum);
}
