using System.Globalization;
using Grpc.Net.Client;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using ThreatLens.Testing.Sqlite;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>The sample's process against the service's process and its database.</summary>
public sealed class RealServiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteFile _database;
    private readonly string _path;

    public RealServiceTests() => (_database, _path) = (new SqliteFile(_folder.File("threatlens.db")), _folder.File("app.log"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sample_both_killed_again_and_again_every_line_is_stored_once()
    {
        var service = await MaintenanceProcess.StartAsync(_database.Path);
        await service.WaitForHealthAsync();
        var sample = SampleProcess.Start(service.Grpc.ToString(), Settings());
        await using var writer = new RotatingWriter(_path);
        try
        {
            await Eventually.True(() => StoredLines() > 0, sample.Text);
            writer.RotateFromNowOn();
            var random = new Random(1);
            for (var round = 0; round < Rounds.Count; round++)
            {
                var before = StoredLines();
                await Eventually.True(() => StoredLines() > before, sample.Text);
                await Task.Delay(random.Next(300));
                if (round % 2 == 0)
                {
                    await service.KillAsync();
                    await service.DisposeAsync();
                    service = await MaintenanceProcess.StartAsync(_database.Path, grpc: service.Grpc);
                }
                else
                {
                    await sample.DisposeAsync();
                    sample = SampleProcess.Start(service.Grpc.ToString(), Settings());
                }
            }
            var written = await writer.StopAsync();

            await Eventually.Equal(written, StoredLines, sample.Text);
            Assert.Equal(0, await sample.StopAsync());
            Assert.Equal(written, StoredLines());
            var size = new FileInfo(_path) is { Exists: true } file ? file.Length : 0;
            Assert.Equal([$"app.log|{_path}|inactive|{size}|{size}"], Sources());
        }
        finally
        {
            await sample.DisposeAsync();
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Sample_follows_what_operators_set_over_grpc()
    {
        File.WriteAllText(_path, "2026-11-23 15:00:01 INFO one\n");
        await using var service = await MaintenanceProcess.StartAsync(_database.Path);
        await service.WaitForHealthAsync();
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        var client = new DatabaseMaintenance.DatabaseMaintenanceClient(channel);
        await using var sample = SampleProcess.Start(service.Grpc.ToString(), Settings());
        await Eventually.Equal(1L, StoredLines, sample.Text);

        await client.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = "app.log", Enabled = false });
        await Eventually.Equal("paused", Status, sample.Text);
        File.AppendAllText(_path, "2026-11-23 15:00:01 INFO two\n");
        await client.SetLogSourceEnabledAsync(new SetLogSourceEnabledRequest { SourceName = "app.log", Enabled = true });
        await Eventually.Equal(2L, StoredLines, sample.Text);

        var other = _folder.File("other.log");
        File.WriteAllText(other, "2026-11-23 15:00:01 INFO three\n");
        await client.UpdateMonitoringConfigAsync(new UpdateMonitoringConfigRequest { Config = new MonitoringConfig { Enabled = true, Paths = { other } } });
        await Eventually.Equal("inactive", Status, sample.Text);
        await Eventually.True(() => Sources().Any(row => row.StartsWith("other.log|", StringComparison.Ordinal) && row.EndsWith("|31|31", StringComparison.Ordinal)), sample.Text);
    }

    private Dictionary<string, string?> Settings() => new()
    {
        ["Ingest__Paths__0"] = _path,
        ["Ingest__ProducerId"] = "real",
        ["Ingest__Interval"] = "00:00:00.1",
        ["Ingest__RotationWait"] = "00:00:00",
        // On a busy machine the default may be over before the last batch is acknowledged.
        ["Ingest__StopTimeout"] = "00:01:00",
    };

    private long StoredLines() => Convert.ToInt64(
        Query("SELECT coalesce(sum(json_extract(metric_metadata, '$.lines')), 0) FROM processing_metrics WHERE source_name = 'app.log'").FirstOrDefault() ?? "0",
        CultureInfo.InvariantCulture);

    private string? Status() => Query($"SELECT status FROM log_sources WHERE path = '{_path}'").FirstOrDefault();

    private IReadOnlyList<string> Sources() => Query("SELECT source_name, path, status, file_size, last_offset FROM log_sources");

    private IReadOnlyList<string> Query(string sql) => _database.Tables().Contains("processing_metrics") ? _database.Lines(sql) : [];
}
