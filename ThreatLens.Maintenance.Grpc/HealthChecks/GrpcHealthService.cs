using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ThreatLens.Maintenance.Grpc.Services;
using static Grpc.Health.V1.HealthCheckResponse.Types;
using HealthBase = Grpc.Health.V1.Health.HealthBase;

namespace ThreatLens.Maintenance.Grpc.HealthChecks;

/// <summary>
/// The gRPC health service over the application's checks. Asked, it looks; watched, it looks again at an interval and tells changes. The
/// framework's own lets a watch begin with a fresh look and go on with the changes of an older, published one: what happens
/// between the two is never told.
/// </summary>
internal sealed class GrpcHealthService(HealthCheckService checks, IHostApplicationLifetime lifetime, TimeProvider time) : HealthBase
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(2);

    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        var status = await LookAsync(request.Service, context.CancellationToken);
        // The protocol wants exactly this of a service that is not known; a watch waits for it.
        return status != ServingStatus.ServiceUnknown
            ? new HealthCheckResponse { Status = status }
            : throw new RpcException(new Status(StatusCode.NotFound, $"There is no service '{request.Service}'."));
    }

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        ServingStatus? told = null;
        while (true)
        {
            var status = await LookAsync(request.Service, ended.Token);
            if (status != told)
                await responseStream.SendAsync(new HealthCheckResponse { Status = status }, ended.Token);
            told = status;
            await Task.Delay(WatchInterval, time, ended.Token);
        }
    }

    private async Task<ServingStatus> LookAsync(string service, CancellationToken cancellationToken)
    {
        if (!ReadinessChecks.CheckOfService.TryGetValue(service, out var check))
            return ServingStatus.ServiceUnknown;
        var report = await checks.CheckHealthAsync(registration => registration.Name == check, cancellationToken);
        return report.Status == HealthStatus.Unhealthy ? ServingStatus.NotServing : ServingStatus.Serving;
    }
}
