using ThreatLens.Maintenance;
using ThreatLens.Maintenance.Grpc.Access;
using ThreatLens.Maintenance.Grpc.Errors;
using ThreatLens.Maintenance.Grpc.HealthChecks;
using ThreatLens.Maintenance.Grpc.Services;
using ThreatLens.Maintenance.Ingestion;

try
{
    // The settings beside the program count, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    builder.AddServiceDefaults();
    builder.AddMaintenance();
    builder.AddReadinessChecks();
    builder.Services.AddHostedService<FirstReport>();

    // What a stream may send ahead of being read. Kestrel's 768 KiB are a few seconds of metrics in memory for each of many producers.
    builder.WebHost.ConfigureKestrel(options =>
    {
        options.Limits.Http2.InitialStreamWindowSize = 128 * 1024;
        options.Limits.Http2.InitialConnectionWindowSize = 512 * 1024;
    });

    builder.Services.AddGrpc(options =>
    {
        options.MaxReceiveMessageSize = IngestLimits.MaxMessageBytes;
        options.Interceptors.Add<ErrorInterceptor>();
        options.Interceptors.Add<LoopbackOnlyInterceptor>();
    });
    builder.Services.AddGrpcReflection();

    var app = builder.Build();

    app.UseOrderlyEnd();
    app.UseReasonedFrameworkErrors();
    app.MapDefaultEndpoints();
    app.MapGrpcService<DatabaseMaintenanceService>();
    app.MapGrpcService<MetricsIngestService>();
    app.MapGrpcService<GrpcHealthService>();
    if (app.Environment.IsDevelopment())
        app.MapGrpcReflectionService();

    app.Run();
    return 0;
}
catch (Exception e) when (StartErrors.Of(e) is { } why)
{
    Console.Error.WriteLine(why);
    return 1;
}
