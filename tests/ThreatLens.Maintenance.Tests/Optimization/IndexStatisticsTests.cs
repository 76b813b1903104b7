using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>What is found by reading is what SQLite's own ANALYZE writes, whose number of rows is a guess where it did not look at all of them.</summary>
public sealed class IndexStatisticsTests : IDisposable
{
    private const int Limit = 100;
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteConnection _connection;

    public IndexStatisticsTests()
    {
        _connection = new SqliteConnection($"Data Source={_folder.File("a.db")};Pooling=False");
        _connection.Open();
        _connection.Execute("CREATE TABLE t(id INTEGER PRIMARY KEY, one TEXT, few TEXT, many INTEGER, word TEXT COLLATE NOCASE, hole TEXT)");
    }

    public void Dispose()
    {
        _connection.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("one")]
    [InlineData("few")]
    [InlineData("many")]
    [InlineData("word")]
    [InlineData("hole")]
    [InlineData("few, many")]
    [InlineData("one, few, many")]
    [InlineData("few DESC")]
    [InlineData("few DESC, many")]
    [InlineData("word, hole, many DESC")]
    public void Read_is_what_analyze_writes(string columns)
    {
        foreach (var rows in (int[])[1, 7, Limit, 30 * Limit])
        {
            Fill(rows);
            _connection.Execute($"CREATE INDEX i ON t({columns})");
            var read = new IndexStatistics(_connection, Limit).Read("t", "i", rows)!.Split(' ');
            _connection.Execute($"PRAGMA analysis_limit = {Limit}");
            _connection.Execute("ANALYZE main.i");
            var written = _connection.Texts("SELECT stat FROM sqlite_stat1 WHERE idx = 'i'").Single().Split(' ');
            _connection.Execute("DROP INDEX i");

            Assert.Equal($"{rows}: {string.Join(' ', written[1..])}", $"{rows}: {string.Join(' ', read[1..])}");
            Assert.Equal($"{rows}", read[0]);
        }
    }

    [Theory]
    [InlineData("CREATE INDEX i ON t(lower(word))")]
    [InlineData("CREATE INDEX i ON t(few) WHERE many > 3")]
    public void Read_of_an_expression_or_of_some_rows_leaves_it_to_analyze(string index)
    {
        Fill(10);
        _connection.Execute(index);

        Assert.Null(new IndexStatistics(_connection, Limit).Read("t", "i", 10));
    }

    private void Fill(int rows)
    {
        _connection.Execute("DELETE FROM t");
        _connection.Execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
            INSERT INTO t(one, few, many, word, hole) SELECT 'same', 'f' || i % 7, i, CASE i % 3 WHEN 0 THEN 'A' WHEN 1 THEN 'a' ELSE 'b' END, CASE i % 2 WHEN 0 THEN 'x' END FROM n
            """,
            ("$rows", rows));
    }
}
