using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using ThreatLens.Testing;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Schema;

/// <summary>Two services, two processes, one database.</summary>
public sealed class TwoServicesTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Migrate_by_two_services_at_once_applies_each_version_once()
    {
        await using var one = await RunningService.StartAsync(environment: "Maintenance__MigrateOnStartup=false");
        await using var other = await RunningService.StartAsync(one.Database.Path, environment: "Maintenance__MigrateOnStartup=false");
        int[] pids = [one.Process.Process.Id, other.Process.Process.Id];
        var refused = 0;
        for (var round = 0; round < Rounds.Count; round++)
        {
            if (round > 0)
                await one.Maintenance.RollbackAsync(new RollbackRequest { Steps = Versions.All.Length });

            var answers = await Task.WhenAll(MigrateAsync(one), MigrateAsync(other));

            Assert.Equal(Versions.All, answers.SelectMany(a => a.Applied).Order(StringComparer.Ordinal));
            Assert.Equal(Versions.All, one.Database.Lines("SELECT version FROM schema_migrations ORDER BY version"));
            foreach (var error in answers.Select(a => a.Error).OfType<RpcError>())
            {
                Assert.Equal((StatusCode.Aborted, ErrorReasons.OperationConflict), (error.Code, error.Reason));
                Assert.Contains(int.Parse(error.Metadata["pid"], System.Globalization.CultureInfo.InvariantCulture), pids);
                Assert.Contains("migrate", error.Metadata["owner"], StringComparison.OrdinalIgnoreCase);
                Assert.NotEmpty(error.Metadata["host"]);
                Assert.NotEmpty(error.Metadata["since"]);
                refused++;
            }
        }

        output.WriteLine($"{Rounds.Count} rounds; {refused} times one was refused, naming the other.");
        Assert.Equal("ok", one.Database.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task Start_up_of_two_services_at_once_applies_each_version_once()
    {
        using var folder = new TemporaryFolder();
        for (var round = 0; round < Math.Max(1, Rounds.Count / 5); round++)
        {
            var path = folder.File($"{round}.db");
            var services = await Task.WhenAll(RunningService.StartAsync(path), RunningService.StartAsync(path));
            await using var one = services[0];
            await using var other = services[1];

            // Both are healthy, so both have seen their start-up through.
            Assert.Equal(Versions.Indexes, await one.CurrentVersionAsync());
            Assert.Equal(Versions.Indexes, await other.CurrentVersionAsync());
            Assert.Equal(Versions.All, one.Database.Lines("SELECT version FROM schema_migrations ORDER BY version"));
        }
    }

    private static async Task<(IEnumerable<string> Applied, RpcError? Error)> MigrateAsync(RunningService service)
    {
        try
        {
            var response = await service.Maintenance.MigrateAsync(new MigrateRequest());
            return (response.Result.Applied.Select(m => m.Version), null);
        }
        catch (RpcException e)
        {
            return ([], RpcError.Of(e));
        }
    }
}
