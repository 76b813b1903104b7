using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Migrations.Drift;

namespace ThreatLens.Maintenance.Optimization.Indexes;

/// <summary>The queries that indexes are judged by: the service's own on the product's tables, and those configured.</summary>
internal static class KnownQueries
{
    // What reading metrics back, retention and the health report ask for, as far as indexes matter to it.
    internal static readonly string[] Own =
    [
        "SELECT * FROM processing_metrics WHERE source_name = $source_name AND metric_type = $metric_type AND timestamp >= $timestamp ORDER BY timestamp LIMIT 1000",
        "SELECT id FROM processing_metrics WHERE timestamp < $timestamp ORDER BY timestamp LIMIT 5000",
        "SELECT id FROM notification_history WHERE sent_at < $sent_at ORDER BY sent_at LIMIT 5000",
        "SELECT id FROM notification_history WHERE event_id = $event_id",
        "SELECT id FROM events WHERE timestamp < $timestamp ORDER BY timestamp LIMIT 5000",
        "SELECT id FROM ai_analysis WHERE event_id = $event_id",
        "SELECT * FROM log_sources WHERE source_name = $source_name",
    ];

    /// <summary>Those whose tables are all there.</summary>
    /// <exception cref="MaintenanceException">DATABASE_CONFIGURATION_INVALID: a configured one is no query of the database.</exception>
    public static IReadOnlyList<KnownQuery> For(AdviceCopy copy, IReadOnlyList<string> configured)
    {
        var queries = new List<KnownQuery>();
        foreach (var sql in Own)
        {
            var query = Read(sql, copy);
            if (query.Tables.Count > 0 && copy.Refusal(sql) is null)
                queries.Add(query);
        }

        for (var i = 0; i < configured.Count; i++)
        {
            if (Refusal(configured[i]) is { } refusal || (refusal = copy.Refusal(configured[i])) is not null)
                throw new MaintenanceException(ErrorKind.FailedPrecondition, ErrorReasons.DatabaseConfigurationInvalid, $"Maintenance:Optimization:Queries:{i} cannot be used: {refusal}");
            queries.Add(Read(configured[i], copy));
        }

        return queries;
    }

    private static KnownQuery Read(string sql, AdviceCopy copy)
    {
        var tokens = SqlMeaning.Tokens(sql);
        return new KnownQuery(sql, tokens, [.. tokens.Where(t => t.IsName && copy.Columns.ContainsKey(t.Name)).Select(t => t.Name).Distinct(StringComparer.OrdinalIgnoreCase)]);
    }

    private static string? Refusal(string sql)
    {
        var tokens = SqlMeaning.Tokens(sql);
        if (tokens.Count == 0 || !(tokens[0].Is("SELECT") || tokens[0].Is("WITH")))
            return "it is no SELECT.";
        return tokens.FindIndex(t => t.IsSymbol(";")) is >= 0 and var end && end < tokens.Count - 1 ? "it is more than one statement." : null;
    }
}

/// <summary>A query that indexes are judged by.</summary>
/// <param name="Sql">Its text; a parameter <c>$column</c> stands for a value of that column.</param>
/// <param name="Tokens">The same, cut up.</param>
/// <param name="Tables">The tables that it names.</param>
internal sealed record KnownQuery(string Sql, IReadOnlyList<SqlToken> Tokens, IReadOnlyList<string> Tables);
