using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.V1;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Contract;

/// <summary>Until callers can be authenticated, only those on the same machine are served, whatever the service listens on.</summary>
public sealed class LoopbackOnlyTests
{
    [Fact]
    public async Task Caller_from_another_address_is_refused_with_a_reason()
    {
        await using var service = await RunningService.StartAsync(environment: "Kestrel__Endpoints__grpc__Url=http://0.0.0.0:0");
        var port = service.Process.Grpc.Port;
        using var local = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        Assert.True((await new DatabaseMaintenance.DatabaseMaintenanceClient(local).StatusAsync(new StatusRequest())).UpToDate);

        // Every address of this machine that is not loopback; where there is none but loopback, there is no other caller either.
        foreach (var address in NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address))
        {
            if (IPAddress.IsLoopback(address) || address.AddressFamily != AddressFamily.InterNetwork)
                continue;
            using var remote = GrpcChannel.ForAddress($"http://{address}:{port}");
            var client = new DatabaseMaintenance.DatabaseMaintenanceClient(remote);
            await Expect.ErrorAsync(StatusCode.PermissionDenied, ErrorReasons.LoopbackOnly, async () => await client.StatusAsync(new StatusRequest()));
            await Expect.ErrorAsync(StatusCode.PermissionDenied, ErrorReasons.LoopbackOnly, async () => await client.MigrateAsync(new MigrateRequest()));
            await Expect.ErrorAsync(StatusCode.PermissionDenied, ErrorReasons.LoopbackOnly, async () =>
            {
                using var reports = client.HealthReport(new HealthReportRequest());
                await reports.ResponseStream.MoveNext(CancellationToken.None);
            });
            await Expect.ErrorAsync(StatusCode.PermissionDenied, ErrorReasons.LoopbackOnly, async () =>
            {
                using var stream = new MetricsIngest.MetricsIngestClient(remote).StreamMetrics();
                await stream.ResponseStream.MoveNext(CancellationToken.None);
            });
        }
    }
}
