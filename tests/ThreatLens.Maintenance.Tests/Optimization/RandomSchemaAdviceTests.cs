using CsCheck;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Optimization.Indexes;
using ThreatLens.Maintenance.Statistics;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>Indexes that a query lacks, in schemas made at random: left out, planted, and planted in a way that does not serve.</summary>
public sealed class RandomSchemaAdviceTests : IDisposable
{
    private const int Rows = 20_000;
    private static readonly int[] Primes = [7907, 7919, 7927, 7933, 7937];
    private static readonly string[] Columns = ["a", "b", "c", "d", "e"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Advise_names_the_index_that_a_query_lacks_and_none_where_it_has_one() => Gen.Select(Gen.Shuffle(Columns), Gen.Int[1, 2], Gen.Bool, Gen.Int[0, 2]).Sample(
        (order, compared, sorts, planted) =>
        {
            var file = new SqliteFile(_folder.File($"{Guid.NewGuid():N}.db"));
            // Values that no two rows have in common, in another order in every column.
            file.Execute($"PRAGMA journal_mode = WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, {string.Join(", ", Columns)}, filler)");
            file.Execute(
                $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows}) INSERT INTO t "
                + $"SELECT i, {string.Join(", ", Columns.Select((_, at) => $"(i * {Primes[at]}) % {Rows}"))}, hex(zeroblob(60)) FROM n");
            var key = order[..(compared + (sorts ? 1 : 0))];
            // 1: what it needs; 2: another column first.
            if (planted > 0)
                file.Execute($"CREATE INDEX planted ON t({string.Join(", ", planted == 1 ? key : [order[4], .. key])})");
            var query = $"SELECT id, filler FROM t WHERE {string.Join(" AND ", order[..compared].Select(c => $"{c} = ${c}"))}{(sorts ? $" ORDER BY {order[compared]}" : "")}";

            var advice = Advise(file, query);

            string[] missing = planted == 1 ? [] : [$"idx_t_{string.Join('_', key)}"];
            Assert.Equal(missing, advice.Where(a => a.Kind == IndexAdviceKind.Missing).Select(a => a.Index));
            // One that does not serve may still be skipped through, where there is no better one yet.
            Assert.All(advice.Where(a => a.Kind == IndexAdviceKind.Unused), a => Assert.Equal("planted of 2", $"{a.Index} of {planted}"));
            Assert.DoesNotContain(advice, a => a.Kind is IndexAdviceKind.Duplicate or IndexAdviceKind.RedundantPrefix);
        },
        iter: 4 * Testing.Rounds.Count, threads: 1);

    private static IReadOnlyList<IndexAdvice> Advise(SqliteFile file, string query)
    {
        var database = new SqliteDatabase(new SqliteDatabaseOptions { ConnectionString = new SqliteConnectionStringBuilder { DataSource = file.Path }.ToString() }, TimeProvider.System);
        var options = Options.Create(new OptimizationOptions { Queries = [query] });
        return new IndexAdvisor(database, new DatabaseSizeReader(database, TimeProvider.System), options, TimeProvider.System).Advise(refresh: true);
    }
}
