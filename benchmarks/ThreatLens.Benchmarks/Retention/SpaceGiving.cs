using Microsoft.Extensions.DependencyInjection;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Optimization;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>Gives the pages of what was deleted back to the file system, as each contestant does it.</summary>
internal static class SpaceGiving
{
    public static async Task RunAsync(Contestant contestant, IServiceProvider services, CancellationToken cancellationToken)
    {
        var database = services.GetRequiredService<SqliteDatabase>();
        switch (contestant)
        {
            case Contestant.Ours:
                var request = new OperationRequest { Caller = new OperationCaller("benchmark", IsVerified: true) };
                await services.GetRequiredService<OptimizeOperations>().OptimizeAsync(new OptimizeCommand(), request, cancellationToken);
                break;
            case Contestant.OneDelete:
                await Task.Run(() => Deletion.InTurn(database, "VACUUM"), cancellationToken);
                break;
            case Contestant.FixedChunks:
                await Task.Run(() => InChunks(database), cancellationToken);
                break;
            default:
                break;
        }
    }

    private static void InChunks(SqliteDatabase database)
    {
        using var connection = database.OpenWriter();
        using var free = connection.CreateCommand();
        free.CommandText = "PRAGMA freelist_count";
        while (free.ExecuteScalar() is > 0L)
            Deletion.TryExecute(connection, "PRAGMA incremental_vacuum(1000)");
    }
}
