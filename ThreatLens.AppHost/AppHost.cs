using Microsoft.Extensions.Configuration;
using ThreatLens.AppHost;

var builder = DistributedApplication.CreateBuilder(args);

// Parameters: configuration keys, so `Ports__Grpc=6301` in the environment or `--Ports:Grpc 6301` moves a port.
var ports = builder.Configuration.GetSection("Ports");
builder.Configuration["ConnectionStrings:threatlens"] ??= DefaultDatabase.In(builder.AppHostDirectory);
var logFiles = LogFiles.From(builder.Configuration, builder.AppHostDirectory);

// The database: a file of its own, opened by nobody but maintenance.
var database = builder.AddConnectionString("threatlens");

// Its caretaker. The two endpoints are Kestrel's in its appsettings.json: an HTTP/2-only port cannot answer an HTTP/1.1 health check.
var maintenance = builder.AddProject<Projects.ThreatLens_Maintenance_Grpc>("maintenance")
    .InEnvironmentOf(builder)
    .WithEndpoint("grpc", endpoint => endpoint.Port = ports.GetValue("Grpc", endpoint.Port))
    .WithEndpoint("http", endpoint => endpoint.Port = ports.GetValue("Http", endpoint.Port))
    .WithHttpHealthCheck("/health", endpointName: "http")
    .WithReference(database)
    .WithMigrationFolder(builder)
    .WithMaintenanceCommands();

// Who feeds it: tails log files and streams what it measures.
builder.AddProject<Projects.ThreatLens_Ingest_Sample>("ingest")
    .InEnvironmentOf(builder)
    .WithLogFiles(logFiles)
    .WithReference(maintenance)
    .WaitFor(maintenance);

builder.Build().Run();
