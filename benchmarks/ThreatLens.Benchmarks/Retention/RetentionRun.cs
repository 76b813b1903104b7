using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Operations;
using ThreatLens.Maintenance.Retention;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>One contestant on a copy of its own, with the service's own writer at its defaults.</summary>
internal static class RetentionRun
{
    public const int BatchRows = 200;
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    public static async Task<Measured> MeasureAsync(RetentionDatabase template, Contestant contestant, int rate, CancellationToken cancellationToken)
    {
        var path = template.Copy();
        using var host = Build(path);
        var ingest = host.Services.GetRequiredService<IngestWriter>();
        ingest.Start();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = new PacedWriter(ingest, rate, BatchRows);
        var writing = rate > 0 ? writer.RunAsync(stop.Token) : Task.CompletedTask;
        await Task.Delay(rate > 0 ? WarmUp : TimeSpan.Zero, cancellationToken);
        var log = new WalWatch(path + "-wal");
        var watching = log.RunAsync(stop.Token);

        writer.Begin();
        var watch = Stopwatch.StartNew();
        var deleted = await RunAsync(contestant, host.Services, cancellationToken);
        var seconds = watch.Elapsed.TotalSeconds;
        var ended = Stopwatch.GetTimestamp();
        var walPeak = log.Peak;
        // The VACUUM has its own figure: what it does to the writer is no secret.
        await stop.CancelAsync();
        await Task.WhenAll(writing, watching);
        watch.Restart();
        if (contestant == Contestant.OneDelete)
            InTurn(host.Services.GetRequiredService<SqliteDatabase>(), "VACUUM");
        var vacuum = contestant == Contestant.OneDelete ? watch.Elapsed.TotalSeconds : 0;
        await ingest.StopAsync(CancellationToken.None);
        var latencies = writer.Between(ended);
        double At(double share) => latencies.Count == 0 ? 0 : latencies[Math.Min(latencies.Count - 1, (int)(latencies.Count * share))];
        return new Measured(contestant, rate, deleted / seconds, vacuum, At(0.5), At(0.99), At(1), writer.Refused, walPeak / 1024.0 / 1024);
    }

    private static IHost Build(string path)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:threatlens"] = $"Data Source={path}" });
        builder.Logging.ClearProviders();
        builder.AddMaintenance();
        // Not started: its integrity check would read the whole file meanwhile.
        return builder.Build();
    }

    private static async Task<long> RunAsync(Contestant contestant, IServiceProvider services, CancellationToken cancellationToken)
    {
        var database = services.GetRequiredService<SqliteDatabase>();
        switch (contestant)
        {
            case Contestant.Ours:
                var request = new OperationRequest { Caller = new OperationCaller("benchmark", IsVerified: true) };
                var ended = await services.GetRequiredService<CleanupOperations>().CleanAsync(new CleanupCommand { Tables = ["processing_metrics"] }, request, cancellationToken);
                return ((CleanupResult)ended.Result!).Tables.Sum(t => t.Rows);
            case Contestant.OneDelete:
                return await Task.Run(() => InTurn(database, "DELETE FROM processing_metrics WHERE timestamp < strftime('%Y-%m-%d %H:%M:%S', 'now', '-30 days')"), cancellationToken);
            case Contestant.FixedChunks:
                return await Task.Run(() => InChunks(database), cancellationToken);
            default:
                await Task.Delay(Alone, cancellationToken);
                return 0;
        }
    }

    private static long InTurn(SqliteDatabase database, string sql)
    {
        using var turn = database.WriteGate.Enter();
        using var connection = database.OpenWriter();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        return command.ExecuteNonQuery();
    }

    private static long InChunks(SqliteDatabase database)
    {
        using var connection = database.OpenWriter();
        using var command = connection.CreateCommand();
        command.CommandTimeout = 120;
        command.CommandText =
            "DELETE FROM processing_metrics WHERE rowid IN (SELECT rowid FROM processing_metrics WHERE timestamp < strftime('%Y-%m-%d %H:%M:%S', 'now', '-30 days') LIMIT 5000)";
        var deleted = 0L;
        while (true)
        {
            try
            {
                var chunk = command.ExecuteNonQuery();
                if (chunk == 0)
                    return deleted;
                deleted += chunk;
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY)
            {
                // The writer was faster.
            }
        }
    }
}
