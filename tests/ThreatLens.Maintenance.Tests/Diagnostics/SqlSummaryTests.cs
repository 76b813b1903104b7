using ThreatLens.Maintenance.Diagnostics;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Diagnostics;

public sealed class SqlSummaryTests
{
    [Theory]
    [InlineData("CREATE TABLE IF NOT EXISTS log_sources (id INTEGER)", "CREATE TABLE log_sources", "CREATE TABLE", "log_sources")]
    [InlineData("create table [my table] (a)", "CREATE TABLE my table", "CREATE TABLE", "my table")]
    [InlineData("-- why\n/* and */ CREATE UNIQUE INDEX i ON main.events(id)", "CREATE INDEX i", "CREATE INDEX", "events")]
    [InlineData("CREATE TRIGGER t AFTER UPDATE OF a ON events BEGIN SELECT 1; END", "CREATE TRIGGER t", "CREATE TRIGGER", "events")]
    [InlineData("CREATE VIEW v AS SELECT 1", "CREATE VIEW v", "CREATE VIEW", null)]
    [InlineData("CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE TABLE f", "CREATE TABLE", "f")]
    [InlineData("DROP INDEX IF EXISTS i", "DROP INDEX i", "DROP INDEX", null)]
    [InlineData("DROP TABLE events", "DROP TABLE events", "DROP TABLE", "events")]
    [InlineData("ALTER TABLE events ADD COLUMN a", "ALTER TABLE events", "ALTER TABLE", "events")]
    [InlineData("INSERT INTO processing_metrics (a) VALUES ($secret)", "INSERT processing_metrics", "INSERT", "processing_metrics")]
    [InlineData("INSERT OR IGNORE INTO t SELECT * FROM u", "INSERT t", "INSERT", "t")]
    [InlineData("UPDATE t SET a = 1 WHERE b = 2 OR c = 3", "UPDATE t", "UPDATE", "t")]
    [InlineData("UPDATE OR REPLACE t SET a = 1", "UPDATE t", "UPDATE", "t")]
    [InlineData("DELETE FROM t WHERE a = 'secret'", "DELETE t", "DELETE", "t")]
    [InlineData("SELECT a, 'FROM x' FROM t", "SELECT t", "SELECT", "t")]
    [InlineData("SELECT count(*) FROM (SELECT 1)", "SELECT", "SELECT", null)]
    [InlineData("BEGIN IMMEDIATE", "BEGIN", "BEGIN", null)]
    [InlineData("COMMIT", "COMMIT", "COMMIT", null)]
    [InlineData("PRAGMA integrity_check", "PRAGMA", "PRAGMA", null)]
    [InlineData("CREATE", "CREATE", "CREATE", null)]
    [InlineData("'secret'", "SQL", "SQL", null)]
    [InlineData("", "SQL", "SQL", null)]
    public void Of_statement_names_operation_and_table(string sql, string text, string operation, string? table) =>
        Assert.Equal(new SqlSummary(text, operation, table), SqlSummary.Of(sql));
}
