using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>Deletes the older half, as each contestant does it.</summary>
internal static class Deletion
{
    private const string Old = "timestamp < strftime('%Y-%m-%d %H:%M:%S', 'now', '-30 days')";
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(8);

    /// <returns>Rows deleted.</returns>
    public static async Task<long> RunAsync(Contestant contestant, IServiceProvider services, CancellationToken cancellationToken)
    {
        var database = services.GetRequiredService<SqliteDatabase>();
        switch (contestant)
        {
            case Contestant.Ours:
                var request = new OperationRequest { Caller = new OperationCaller("benchmark", IsVerified: true) };
                var ended = await services.GetRequiredService<CleanupOperations>().CleanAsync(new CleanupCommand { Tables = ["processing_metrics"] }, request, cancellationToken);
                return ((CleanupResult)ended.Result!).Tables.Sum(t => t.Rows);
            case Contestant.OneDelete:
                return await Task.Run(() => InTurn(database, $"DELETE FROM processing_metrics WHERE {Old}"), cancellationToken);
            case Contestant.FixedChunks:
                return await Task.Run(() => InChunks(database, $"DELETE FROM processing_metrics WHERE rowid IN (SELECT rowid FROM processing_metrics WHERE {Old} LIMIT 5000)"), cancellationToken);
            default:
                await Task.Delay(Alone, cancellationToken);
                return 0;
        }
    }

    /// <summary>In the writers' order, however long they wait.</summary>
    public static long InTurn(SqliteDatabase database, string sql)
    {
        using var turn = database.WriteGate.Enter();
        using var connection = database.OpenWriter();
        return RetentionRun.Execute(connection, sql);
    }

    private static long InChunks(SqliteDatabase database, string sql)
    {
        using var connection = database.OpenWriter();
        for (var deleted = 0L; ;)
        {
            var chunk = TryExecute(connection, sql);
            if (chunk == 0)
                return deleted;
            deleted += chunk ?? 0;
        }
    }

    /// <returns>Rows changed; null: the writer was faster.</returns>
    public static long? TryExecute(SqliteConnection connection, string sql)
    {
        try
        {
            return RetentionRun.Execute(connection, sql);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY)
        {
            return null;
        }
    }
}
