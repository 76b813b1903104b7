using Grpc.Core;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.Optimization;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    public override async Task<OptimizeResponse> Optimize(OptimizeRequest request, ServerCallContext context)
    {
        var command = new OptimizeCommand
        {
            FullVacuum = request.FullVacuum,
            EnableIncrementalVacuum = request.EnableIncrementalVacuum,
            Etag = request.Etag.Length == 0 ? null : request.Etag,
        };
        using var ended = UntilShutdown(context);
        var who = Requests.ToOperationRequest(request, request.RequestId, request.WaitTimeout, context);
        if (request.ValidateOnly)
            return new OptimizeResponse { Plan = (await Task.Run(() => optimizePlanner.Plan(command, ended.Token), ended.Token)).ToContract() };

        var operation = (await optimizations.OptimizeAsync(command, who, ended.Token)).ToContract(time.GetUtcNow());
        var response = new OptimizeResponse { Operation = operation };
        if (operation.Optimize is not null)
            response.Result = operation.Optimize;
        return response;
    }

    public override async Task<GetIndexAdviceResponse> GetIndexAdvice(GetIndexAdviceRequest request, ServerCallContext context)
    {
        using var ended = UntilShutdown(context);
        var advice = await Task.Run(() => indexAdvisor.Advise(request.Refresh, ended.Token), ended.Token);
        return new GetIndexAdviceResponse { Advice = { advice.Select(a => a.ToContract()) } };
    }

    public override async Task<GetDatabaseSizeResponse> GetDatabaseSize(GetDatabaseSizeRequest request, ServerCallContext context)
    {
        using var ended = UntilShutdown(context);
        return new GetDatabaseSizeResponse { Size = (await Task.Run(() => sizes.Read(ended.Token), ended.Token)).ToContract() };
    }
}
