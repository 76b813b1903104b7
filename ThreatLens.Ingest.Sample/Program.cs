using Microsoft.Extensions.Options;
using ThreatLens.Ingest.Sample;
using ThreatLens.Ingest.Sample.Demo;
using ThreatLens.Ingest.Sample.Reporting;
using ThreatLens.Ingest.Sample.Watching;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.Client.Ingestion;

// The settings beside the program count, wherever it is started from.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddServiceDefaults();
builder.AddMetricsIngestClient();
builder.AddMetricSender(ProcessReporter.SenderName, settings => ProcessReporter.Configure(settings, builder.Configuration));

builder.Services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section)
    .Validate(options => options.Paths.All(IngestOptions.IsPath), "Ingest:Paths: every path has 1 to 1000 characters.")
    .ValidateOnStart();
builder.Services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>();
builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<IngestOptions>>().Value.Sender());

builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<MetricBatchSender>();
builder.Services.AddSingleton<ConfigurationFeed>();
builder.Services.AddSingleton<LogWatch>();
builder.Services.AddHostedService<DemoLogWriter>();
builder.Services.AddHostedService<IngestWorker>();
builder.Services.AddHostedService<ProcessReporter>();

await builder.Build().RunAsync();
