using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Migrations.Drift;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.Optimization.Indexes;
using ThreatLens.Maintenance.Statistics.Sampling;

namespace ThreatLens.Maintenance.Health.Samples;

/// <summary>
/// Whether SQLite still takes the indexes that are there: the plan of each known query, beside the plan of the same query on the same schema without
/// statistics. Where only the one with statistics walks through a whole table, and they are of ten times more or less rows than there are, they are wrong. An
/// index that is missing is missing in both, and drift's affair. Null: the sizes of the tables are not known yet.
/// </summary>
internal sealed class QueryPlans(SqliteDatabase database, StatisticsSamples sizes, IOptions<OptimizationOptions> optimization, IOptions<HealthOptions> options, TimeProvider time)
    : BackgroundSample<IReadOnlyList<PlanRegression>?>(database, time)
{
    // A walk through fewer rows costs nothing, and SQLite rightly prefers it.
    private const int LeastRows = 1_000;

    private readonly SqliteDatabase _database = database;

    public override TimeSpan Interval => options.Value.MaxCountAge;

    protected override IReadOnlyList<PlanRegression>? Look(DateTimeOffset now, CancellationToken cancellationToken) => sizes.Size is not { Size: var size } ? null : SqliteSession.Read(_database, "looking at query plans", session =>
    {
        var stale = StatisticsRefresh.Stale(session.Connection, size).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var schema = SchemaModelReader.Read(session.Connection);
        using var bare = new SqliteConnection("Data Source=:memory:;Pooling=False;Foreign Keys=False");
        bare.Open();
        foreach (var sql in schema.Tables.Values.Select(t => t.Sql).Concat(schema.Indexes.Values.Select(i => i.Sql)))
            TryExecute(bare, sql);
        return KnownQueries.Own.Concat(optimization.Value.Queries).Select(sql => Compare(session.Connection, bare, sql, stale)).OfType<PlanRegression>().ToList();
    }, cancellationToken);

    private static PlanRegression? Compare(SqliteConnection database, SqliteConnection bare, string sql, HashSet<string> stale)
    {
        if (Plan(database, sql) is not { } plan || Plan(bare, sql) is not { } expected)
            return null;
        var walked = Walked(plan).Except(Walked(expected), StringComparer.OrdinalIgnoreCase).FirstOrDefault(t => stale.Contains(t) && IsLarge(database, t));
        return walked is null ? null : new PlanRegression(sql, walked, string.Join("; ", plan), string.Join("; ", expected));
    }

    /// <summary>Null: the database has no such table or column.</summary>
    private static List<string>? Plan(SqliteConnection connection, string sql)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "EXPLAIN QUERY PLAN " + sql;
            foreach (var name in SqlMeaning.Tokens(sql).Where(t => t.Kind == SqlTokenKind.Parameter).Select(t => t.Text).Distinct(StringComparer.Ordinal))
                command.Parameters.AddWithValue(name, DBNull.Value);
            using var rows = command.ExecuteReader();
            var steps = new List<string>();
            while (rows.Read())
                steps.Add(rows.GetString(3));
            return steps;
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    // "SCAN events", "SCAN events USING INDEX ...": all entries, in whatever order.
    private static IEnumerable<string> Walked(List<string> plan) =>
        plan.Where(s => s.StartsWith("SCAN ", StringComparison.Ordinal)).Select(s => s.Split(' ')[1]);

    private static bool IsLarge(SqliteConnection database, string table)
    {
        try
        {
            return database.Scalar($"SELECT 1 FROM {Backups.DatabaseContent.Quote(table)} LIMIT 1 OFFSET {LeastRows}") is not null;
        }
        catch (SqliteException)
        {
            // An alias or a subquery, not a table.
            return false;
        }
    }

    private static void TryExecute(SqliteConnection connection, string sql)
    {
        try
        {
            connection.Execute(sql);
        }
        catch (SqliteException)
        {
            // A virtual table, whose module may not be here: queries of it are not compared.
        }
    }
}

/// <summary>A query that walks through a table though an index fits.</summary>
/// <param name="Query">Its text.</param>
/// <param name="Table">The table.</param>
/// <param name="Plan">How it runs.</param>
/// <param name="Expected">How it would run without statistics.</param>
internal sealed record PlanRegression(string Query, string Table, string Plan, string Expected);
