using Grpc.Core;
using ThreatLens.Testing.Telemetry.Otlp;

namespace ThreatLens.Testing.Telemetry;

internal sealed class TraceReceiver(OtlpReceiver receiver) : TraceService.TraceServiceBase
{
    public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
    {
        receiver.Take(request);
        return Task.FromResult(new ExportTraceServiceResponse());
    }
}

internal sealed class MetricsReceiver(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
{
    public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
    {
        receiver.Take(request);
        return Task.FromResult(new ExportMetricsServiceResponse());
    }
}

internal sealed class LogsReceiver(OtlpReceiver receiver) : LogsService.LogsServiceBase
{
    public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
    {
        receiver.Take(request);
        return Task.FromResult(new ExportLogsServiceResponse());
    }
}
