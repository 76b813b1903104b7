using Grpc.Core;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Mapping;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Maintenance.Grpc.Services;

internal sealed partial class DatabaseMaintenanceService
{
    private const int DefaultOperationsPage = 50;

    public override Task<GetOperationResponse> GetOperation(GetOperationRequest request, ServerCallContext context) =>
        Task.FromResult(new GetOperationResponse { Operation = runner.Get(OperationId(request.OperationId)).ToContract(time.GetUtcNow()) });

    public override Task<ListOperationsResponse> ListOperations(ListOperationsRequest request, ServerCallContext context)
    {
        var size = Requests.PageSize(request.PageSize, DefaultOperationsPage);
        var kind = OperationMapping.ToDomain(request.Kind, "kind");
        var state = OperationMapping.ToDomain(request.State, "state");
        var filter = $"operations {kind} {state}";
        // One more than the page: whether there is another page is known without another query.
        var found = runner.List(size + 1, PageTokens.Read(request.PageToken, filter), kind, state);
        var now = time.GetUtcNow();
        return Task.FromResult(new ListOperationsResponse
        {
            Operations = { found.Take(size).Select(o => o.ToContract(now)) },
            NextPageToken = found.Count > size ? PageTokens.Write(filter, found[size - 1].Id) : "",
        });
    }

    public override async Task WatchOperation(WatchOperationRequest request, IServerStreamWriter<WatchOperationResponse> responseStream, ServerCallContext context)
    {
        if (request.AfterSequence < 0)
            throw MaintenanceException.InvalidArgument("after_sequence", "is negative");
        using var ended = UntilShutdown(context);
        await foreach (var operation in runner.WatchAsync(OperationId(request.OperationId), request.AfterSequence, ended.Token))
            await responseStream.SendAsync(new WatchOperationResponse { Operation = operation.ToContract(time.GetUtcNow()) }, ended.Token);
    }

    public override Task<CancelOperationResponse> CancelOperation(CancelOperationRequest request, ServerCallContext context) =>
        Task.FromResult(new CancelOperationResponse { Operation = runner.Cancel(OperationId(request.OperationId)).ToContract(time.GetUtcNow()) });

    private static string OperationId(string id) => id.Length > 0 ? id : throw MaintenanceException.InvalidArgument("operation_id", "is required");
}
