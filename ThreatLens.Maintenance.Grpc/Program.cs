using ThreatLens.Maintenance;
using ThreatLens.Maintenance.Grpc.Access;
using ThreatLens.Maintenance.Grpc.Errors;
using ThreatLens.Maintenance.Grpc.HealthChecks;
using ThreatLens.Maintenance.Grpc.Services;
using ThreatLens.Maintenance.Ingestion;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();
builder.AddMaintenance();
builder.AddReadinessChecks();

builder.Services.AddGrpc(options =>
{
    options.MaxReceiveMessageSize = IngestLimits.MaxMessageBytes;
    options.Interceptors.Add<ErrorInterceptor>();
    options.Interceptors.Add<LoopbackOnlyInterceptor>();
});
builder.Services.AddGrpcReflection();

var app = builder.Build();

app.UseReasonedFrameworkErrors();
app.MapDefaultEndpoints();
app.MapGrpcService<DatabaseMaintenanceService>();
app.MapGrpcService<MetricsIngestService>();
app.MapGrpcService<GrpcHealthService>();
if (app.Environment.IsDevelopment())
    app.MapGrpcReflectionService();

app.Run();
