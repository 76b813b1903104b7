using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private const int DefaultSourcesPage = 100;

    public override Task<GetMonitoringConfigResponse> GetMonitoringConfig(GetMonitoringConfigRequest request, ServerCallContext context)
    {
        var stored = monitoring.Read();
        return Task.FromResult(new GetMonitoringConfigResponse { Config = stored.Config.ToContract(stored.UpdatedAt), Etag = stored.Etag });
    }

    public override async Task<UpdateMonitoringConfigResponse> UpdateMonitoringConfig(UpdateMonitoringConfigRequest request, ServerCallContext context)
    {
        var config = MonitoringMapping.ToDomain(request.Config);
        var etag = request.Etag.Length == 0 ? null : request.Etag;
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
        {
            var (before, after) = monitoring.Plan(config, etag);
            return new UpdateMonitoringConfigResponse { Plan = new UpdateMonitoringConfigPlan { Before = before.ToContract(), After = after.ToContract() } };
        }

        var operation = (await monitoringOperations.UpdateConfigAsync(config, etag, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new UpdateMonitoringConfigResponse { Operation = operation };
        if (operation.UpdateMonitoringConfig is not null)
            response.Result = operation.UpdateMonitoringConfig;
        return response;
    }

    public override Task<ListLogSourcesResponse> ListLogSources(ListLogSourcesRequest request, ServerCallContext context)
    {
        var size = Requests.PageSize(request.PageSize, DefaultSourcesPage);
        var status = MonitoringMapping.ToDomain(request.Status, "status");
        var filter = $"log_sources {status}";
        var found = logSources.List(size + 1, PageTokens.Read(request.PageToken, filter), status);
        return Task.FromResult(new ListLogSourcesResponse
        {
            LogSources = { found.Take(size).Select(s => s.ToContract()) },
            NextPageToken = found.Count > size ? PageTokens.Write(filter, found[size - 1].SourceName) : "",
        });
    }

    public override async Task<SetLogSourceEnabledResponse> SetLogSourceEnabled(SetLogSourceEnabledRequest request, ServerCallContext context)
    {
        if (request.SourceName.Length == 0)
            throw MaintenanceException.InvalidArgument("source_name", "is required");
        if (!request.HasEnabled)
            throw MaintenanceException.InvalidArgument("enabled", "is required");
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new SetLogSourceEnabledResponse { Plan = new SetLogSourceEnabledPlan { LogSource = (logSources.Get(request.SourceName) with { IsEnabled = request.Enabled }).ToContract() } };

        var operation = (await monitoringOperations.SetEnabledAsync(request.SourceName, request.Enabled, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new SetLogSourceEnabledResponse { Operation = operation };
        if (operation.SetLogSourceEnabled is not null)
            response.Result = operation.SetLogSourceEnabled;
        return response;
    }
}
