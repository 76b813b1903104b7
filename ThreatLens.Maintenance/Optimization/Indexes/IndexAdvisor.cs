using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Backups;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Statistics;

namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>
/// Advises on indexes with evidence from a copy of the newest rows; applies nothing. One measurement at a time; what was measured last is
/// kept. Thread-safe.
/// </summary>
public sealed class IndexAdvisor(SqliteDatabase database, DatabaseSizeReader sizes, IOptions<OptimizationOptions> options, TimeProvider time)
{
    // A missing index must be worth its cost: a third of the time less at least.
    private const double WorthIt = 0.67;

    // In a smaller table there is nothing to gain, and less than that is noise.
    private const int LeastRows = 500;
    private static readonly TimeSpan LeastGain = TimeSpan.FromMilliseconds(0.2);
    private readonly Lock _lock = new();
    private volatile IReadOnlyList<IndexAdvice>? _last;

    /// <summary>What was measured last; null: nothing yet. Does not wait for a measurement.</summary>
    public IReadOnlyList<IndexAdvice>? Last => _last;

    /// <summary>The advice, the most useful first.</summary>
    /// <param name="refresh">Measure anew instead of answering what was measured last.</param>
    /// <param name="cancellationToken">Stops measuring between two steps.</param>
    /// <exception cref="MaintenanceException">DATABASE_MISSING, DATABASE_CONFIGURATION_INVALID (a configured query), or the database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyList<IndexAdvice> Advise(bool refresh, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_last is not null && !refresh)
                return _last;
            try
            {
                var size = sizes.Read(cancellationToken);
                using var copy = AdviceCopy.Make(database, cancellationToken);
                var queries = KnownQueries.For(copy, options.Value.Queries);
                var indexes = copy.Indexes;
                var redundant = Redundant(copy, size, indexes, queries, cancellationToken).ToList();
                var others = Unused(copy, size, indexes, redundant, queries, cancellationToken).Concat(Missing(copy, size, queries, cancellationToken)).ToList();
                return _last = [.. redundant.Concat(others).OrderBy(a => a.Kind == IndexAdviceKind.Missing ? 0 : a.Kind == IndexAdviceKind.Unused ? 2 : 1).ThenByDescending(a => a.IndexBytes)];
            }
            catch (SqliteException e)
            {
                throw database.Translate(e, "measuring indexes on a copy");
            }
        }
    }

    private IEnumerable<IndexAdvice> Redundant(
        AdviceCopy copy, DatabaseSize size, IReadOnlyList<KnownIndex> indexes, IReadOnlyList<KnownQuery> queries, CancellationToken cancellationToken)
    {
        foreach (var (index, by, isSame) in RedundantIndexes.Find(indexes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var advice = Drop(copy, size, index, isSame ? IndexAdviceKind.Duplicate : IndexAdviceKind.RedundantPrefix, isSame
                ? $"{by.Name} has the same columns, order and condition."
                : $"{by.Name} begins with the same columns: whatever looks for these finds them there.");
            // With a query that uses it the evidence is what becomes of that.
            yield return queries.FirstOrDefault(q => Uses(copy.Plan(q.Sql), index.Name)) is { } query ? Shown(copy, advice, index, query) : advice;
        }
    }

    private IEnumerable<IndexAdvice> Unused(
        AdviceCopy copy, DatabaseSize size, IReadOnlyList<KnownIndex> indexes, List<IndexAdvice> redundant, IReadOnlyList<KnownQuery> queries, CancellationToken cancellationToken)
    {
        var plans = queries.Select(q => copy.Plan(q.Sql)).ToList();
        foreach (var index in indexes.Where(i => i is { Sql: not null, IsUnique: false } && redundant.TrueForAll(r => r.Index != i.Name)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var known = queries.Count(q => q.Tables.Contains(index.Table, StringComparer.OrdinalIgnoreCase));
            // Of a table that no known query asks, nothing can be said.
            if (known > 0 && !plans.Exists(p => Uses(p, index.Name)))
                yield return Drop(copy, size, index, IndexAdviceKind.Unused, $"None of the {known} queries known of {index.Table} uses it. Others may: name them in Maintenance:Optimization:Queries first.");
        }
    }

    private IEnumerable<IndexAdvice> Missing(AdviceCopy copy, DatabaseSize size, IReadOnlyList<KnownQuery> queries, CancellationToken cancellationToken)
    {
        var advised = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var query in queries)
        {
            var before = copy.Plan(query.Sql);
            if (!before.Contains("SCAN ", StringComparison.Ordinal) && !before.Contains("TEMP B-TREE", StringComparison.Ordinal))
                continue;
            foreach (var table in query.Tables)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var columns = Candidates.Columns(query, copy.Columns[table]);
                if (columns.Count > 0 && Try(copy, size, query, before, table, columns) is { } advice && advised.Add(advice.Index))
                    yield return advice;
            }
        }
    }

    private IndexAdvice? Try(AdviceCopy copy, DatabaseSize size, KnownQuery query, string planBefore, string table, IReadOnlyList<string> columns)
    {
        var name = $"idx_{table}_{string.Join('_', columns)}";
        if (copy.Rows(table) < LeastRows || copy.Indexes.Any(i => i.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            return null;
        var sql = $"CREATE INDEX {DatabaseContent.Quote(name)} ON {DatabaseContent.Quote(table)}({string.Join(", ", columns.Select(DatabaseContent.Quote))})";
        var index = new KnownIndex(name, table, "", "", IsUnique: false, sql);
        var (durationBefore, usedBefore) = (copy.Time(query.Sql), copy.UsedBytes());
        return copy.With($"{sql}; ANALYZE {DatabaseContent.Quote(table)}", $"DROP INDEX {DatabaseContent.Quote(name)}", () =>
        {
            var (bytes, planAfter, durationAfter) = (copy.UsedBytes() - usedBefore, copy.Plan(query.Sql), copy.Time(query.Sql));
            if (!Uses(planAfter, name) || durationAfter > durationBefore * WorthIt || durationBefore - durationAfter < LeastGain)
                return null;
            var rows = size.Objects.FirstOrDefault(o => o.Type == "table" && o.Name.Equals(table, StringComparison.OrdinalIgnoreCase))?.Rows ?? 0;
            return new IndexAdvice
            {
                Kind = IndexAdviceKind.Missing,
                Table = table,
                Index = name,
                Reason = $"The query reads {table} without an index that fits; with this one it takes {durationAfter.TotalMilliseconds:0.###} ms instead of {durationBefore.TotalMilliseconds:0.###} ms on the copy of {copy.Rows(table)} rows.",
                Query = query.Sql,
                PlanBefore = planBefore,
                PlanAfter = planAfter,
                DurationBefore = durationBefore,
                DurationAfter = durationAfter,
                IndexBytes = (long)(bytes * Math.Max(1, (double)rows / Math.Max(1, copy.Rows(table)))),
                IngestCost = copy.IngestCost(index),
                MigrationSql = index.CreateScript(),
                MeasuredAt = time.GetUtcNow(),
            };
        });
    }

    private IndexAdvice Drop(AdviceCopy copy, DatabaseSize size, KnownIndex index, IndexAdviceKind kind, string reason) => new()
    {
        Kind = kind,
        Table = index.Table,
        Index = index.Name,
        Reason = reason,
        IndexBytes = size.Objects.FirstOrDefault(o => o.Type == "index" && o.Name == index.Name)?.Bytes ?? 0,
        IngestCost = copy.IngestCost(index),
        MigrationSql = index.DropScript(),
        MeasuredAt = time.GetUtcNow(),
    };

    private static IndexAdvice Shown(AdviceCopy copy, IndexAdvice advice, KnownIndex index, KnownQuery query)
    {
        var (plan, duration) = (copy.Plan(query.Sql), copy.Time(query.Sql));
        return copy.With($"DROP INDEX {DatabaseContent.Quote(index.Name)}", index.Sql!, () => advice with
        {
            Query = query.Sql,
            PlanBefore = plan,
            DurationBefore = duration,
            PlanAfter = copy.Plan(query.Sql),
            DurationAfter = copy.Time(query.Sql),
        });
    }

    private static bool Uses(string plan, string index) =>
        plan.Split('\n').Any(step => (step + " ").Contains($"INDEX {index} ", StringComparison.OrdinalIgnoreCase));
}
