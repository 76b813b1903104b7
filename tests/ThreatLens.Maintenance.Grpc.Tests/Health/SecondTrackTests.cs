using System.Net;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using ThreatLens.Testing.Sqlite;
using Xunit;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace ThreatLens.Maintenance.Grpc.Tests.Health;

/// <summary>A newer service leaves its mark on either track; this one must not write below it.</summary>
public sealed class SecondTrackTests
{
    [Fact]
    public async Task Database_whose_own_tables_are_newer_is_not_changed_and_not_called_ready()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("threatlens.db");
        await using (var first = await RunningService.StartAsync(file))
            first.Database.Execute("UPDATE maintenance_schema SET version = 99; UPDATE maintenance_operations SET state = 'Running'");
        var before = Content(file);

        await using (var service = await RunningService.StartAsync(file, waitForHealth: false))
        {
            var body = await service.Process.WaitForHealthAsync(HttpStatusCode.ServiceUnavailable);
            await Eventually.AsyncUntil(async () => (await service.GetHealthAsync()).Body, b => b.Contains(ErrorReasons.DatabaseNewer, StringComparison.Ordinal), "the reason in /health");
            await Expect.ErrorAsync(StatusCode.FailedPrecondition, ErrorReasons.DatabaseNewer, async () => await service.Maintenance.MigrateAsync(new MigrateRequest()));
            Assert.Equal(ServingStatus.NotServing, await service.ServingAsync("threatlens.maintenance.v1.MetricsIngest"));
            Assert.Equal(ServingStatus.Serving, await service.ServingAsync("threatlens.maintenance.v1.DatabaseMaintenance"));
            Assert.NotEmpty(body);
        }

        Assert.Equal(before, Content(file));
    }

    [Fact]
    public async Task Database_that_may_only_be_read_takes_no_metrics()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("threatlens.db");
        await using (var first = await RunningService.StartAsync(file))
            Assert.Equal(ServingStatus.Serving, await first.ServingAsync("threatlens.maintenance.v1.MetricsIngest"));

        await using var service = await RunningService.StartAsync($"Data Source={file};Mode=ReadOnly");

        Assert.Equal(ServingStatus.NotServing, await service.ServingAsync("threatlens.maintenance.v1.MetricsIngest"));
    }

    private static string Content(string file)
    {
        SqliteConnection.ClearAllPools();
        var database = new SqliteFile(file);
        return string.Join('\n', database.Tables().Select(table => $"{table}: {string.Join(';', database.Lines($"SELECT * FROM {table}"))}"));
    }
}
