using CsCheck;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Optimization.Indexes;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Optimization;

/// <summary>Redundant indexes in schemas made at random, planted and not.</summary>
public sealed class RedundantIndexesTests
{
    private static readonly string[] Columns = ["a", "b", "c", "d", "e"];

    /// <summary>What is added beside an index on two or three columns, and whether it does nothing that another does not.</summary>
    private static readonly (string Name, bool IsRedundant, Func<string[], string> Sql)[] Plants =
    [
        ("same", true, key => $"ON t({string.Join(", ", key)})"),
        ("same_in_other_words", true, key => $"on [t] ({string.Join(", ", key.Select(k => $"[{k}] asc"))})"),
        ("prefix", true, key => $"ON t({key[0]})"),
        ("longer_prefix", true, key => $"ON t({string.Join(", ", key[..^1])})"),
        ("other_order", false, key => $"ON t({key[0]} DESC)"),
        ("other_collation", false, key => $"ON t({key[0]} COLLATE NOCASE)"),
        ("condition", false, key => $"ON t({key[0]}) WHERE {key[1]} > 5"),
        ("expression", false, key => $"ON t(lower({key[0]}))"),
        ("middle", false, key => $"ON t({key[1]} DESC, {key[0]})"),
    ];

    [Fact]
    public void Find_names_what_was_planted_and_nothing_else() => Gen.Select(Gen.Shuffle(Columns), Gen.Int[1, 2], Gen.Int[2, 3], Gen.Int[0, Plants.Length - 1].HashSet[0, Plants.Length], Gen.Bool).Sample(
        (order, tables, length, plants, withoutRowid) =>
        {
            using var connection = new SqliteConnection("Data Source=:memory:");
            connection.Open();
            connection.Execute($"CREATE TABLE t(id INTEGER PRIMARY KEY, {string.Join(", ", Columns)}){(withoutRowid ? " WITHOUT ROWID" : "")}");
            // Indexes with different first columns: none makes another superfluous.
            for (var i = 0; i < tables; i++)
                connection.Execute($"CREATE INDEX a_base_{i} ON t({string.Join(", ", Key(order, i, length))})");
            foreach (var plant in plants.Select(p => Plants[p]))
                connection.Execute($"CREATE INDEX z_{plant.Name} {plant.Sql(Key(order, 0, length))}");

            var found = RedundantIndexes.Find(KnownIndex.Read(connection)).Select(f => f.Index.Name).Order(StringComparer.Ordinal);

            Assert.Equal(plants.Select(p => Plants[p]).Where(p => p.IsRedundant).Select(p => "z_" + p.Name).Order(StringComparer.Ordinal), found);
        },
        iter: 300);

    [Theory]
    [InlineData("CREATE TABLE t(a TEXT UNIQUE, b); CREATE INDEX i ON t(a)", "i")]
    [InlineData("CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE INDEX i ON t(a)", "i")]
    [InlineData("CREATE TABLE t(a, b, PRIMARY KEY(a, b)); CREATE INDEX i ON t(a)", "i")]
    [InlineData("CREATE TABLE t(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID; CREATE INDEX i ON t(a)", "i")]
    [InlineData("CREATE TABLE t(a, b); CREATE UNIQUE INDEX u ON t(a); CREATE INDEX i ON t(a)", "i")]
    [InlineData("CREATE TABLE t(a, b); CREATE UNIQUE INDEX u ON t(a); CREATE UNIQUE INDEX v ON t(a)", "v")]
    [InlineData("CREATE TABLE t(a, b); CREATE UNIQUE INDEX u ON t(a); CREATE INDEX i ON t(a, b)", "")]
    [InlineData("CREATE TABLE t(a, b); CREATE INDEX i ON t(a) WHERE b = 1; CREATE INDEX j ON t(a, b) WHERE b=1", "i")]
    [InlineData("CREATE TABLE t(a, b); CREATE TABLE s(a, b); CREATE INDEX i ON t(a); CREATE INDEX j ON s(a)", "")]
    [InlineData("CREATE TABLE t(a, ab); CREATE INDEX i ON t(a); CREATE INDEX j ON t(ab)", "")]
    public void Find_minds_constraints_conditions_and_tables(string schema, string redundant)
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        connection.Execute(schema);

        Assert.Equal(redundant, string.Join(' ', RedundantIndexes.Find(KnownIndex.Read(connection)).Select(f => f.Index.Name)));
    }

    private static string[] Key(string[] order, int first, int length) => [.. Enumerable.Range(0, length).Select(i => order[(first + i) % order.Length])];
}
