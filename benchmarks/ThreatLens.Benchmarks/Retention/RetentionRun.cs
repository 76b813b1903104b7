using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Ingestion;

namespace ThreatLens.Benchmarks.Retention;

/// <summary>One contestant on a copy of its own, with the service's own writer at its defaults.</summary>
internal static class RetentionRun
{
    public const int BatchRows = 200;
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

        var begun = Stopwatch.GetTimestamp();
        var deleted = await Deletion.RunAsync(contestant, host.Services, cancellationToken);
        var ended = Stopwatch.GetTimestamp();
        var walPeak = log.Peak;
        // Space is given back beside the same writer, and has its own figures.
        await SpaceGiving.RunAsync(contestant, host.Services, cancellationToken);
        var given = Stopwatch.GetTimestamp();
        await stop.CancelAsync();
        await Task.WhenAll(writing, watching);
        await ingest.StopAsync(CancellationToken.None);
        var space = new SpaceMeasured(Stopwatch.GetElapsedTime(ended, given).TotalSeconds, Latencies.Of(writer.Between(ended, given)), OfVacuumed(host.Services.GetRequiredService<SqliteDatabase>()));
        return new Measured(
            contestant, rate, deleted / Stopwatch.GetElapsedTime(begun, ended).TotalSeconds, Latencies.Of(writer.Between(begun, ended)), writer.Refused, walPeak / 1024.0 / 1024, space);
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

    /// <summary>Compares pages, not lengths: what is still in the log counts as in the file.</summary>
    private static double OfVacuumed(SqliteDatabase database)
    {
        using var connection = database.OpenWriter();
        var copy = database.Path + ".vacuumed";
        Execute(connection, $"VACUUM INTO '{copy}'");
        using var vacuumed = new SqliteConnection($"Data Source={copy};Pooling=False");
        vacuumed.Open();
        return Pages(connection) / (double)Pages(vacuumed);
    }

    private static long Pages(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA page_count";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Runs a statement however long it takes.</summary>
    /// <returns>Rows changed.</returns>
    internal static long Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        return command.ExecuteNonQuery();
    }
}
