using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>
/// Asks the database how many rows queries give, each query once: within a snapshot the answer stays. A query that does not fit the
/// database (it needs what an earlier statement of the plan makes) has no answer.
/// </summary>
internal sealed class RowCounter(SqliteConnection connection, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, IReadOnlyList<long>?> _answers = new(StringComparer.Ordinal);

    /// <summary>One number; null when it cannot be told.</summary>
    public long? Number(string sql) => Numbers(sql)?[0];

    /// <summary>The numbers of the one row that the query gives; null when they cannot be told.</summary>
    /// <exception cref="SqliteException">The database cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyList<long>? Numbers(string sql)
    {
        if (!_answers.TryGetValue(sql, out var answer))
            _answers.Add(sql, answer = Ask(sql));
        return answer;
    }

    private IReadOnlyList<long>? Ask(string sql)
    {
        try
        {
            // As one text, since a token can stop only queries for texts.
            var row = connection.TextsInterruptibly(sql, cancellationToken)[0];
            return [.. row.Split(' ').Select(n => long.Parse(n, CultureInfo.InvariantCulture))];
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            return null;
        }
    }
}
