// A producer to be killed: adds whole numbers from args[0] on, each once, and says which of them are safe in its spool, or that some are
// not. Settings come from the environment, as any service's do. A line on standard input makes it stop in order.
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ThreatLens.Maintenance.Client;
using ThreatLens.Maintenance.Client.Ingestion;

var builder = Host.CreateApplicationBuilder();
builder.AddMetricSender();
using var host = builder.Build();
await host.StartAsync();

var sender = host.Services.GetRequiredService<MetricSender>();
// Console.In reads on the caller's thread, whatever its methods are called.
var stop = Task.Run(Console.In.ReadLine);
var next = long.Parse(args[0], CultureInfo.InvariantCulture);
while (!stop.IsCompleted)
{
    for (var i = 0; i < 100; i++)
        await sender.AddAsync(sender.ProducerId, "n", next++);
    var word = await sender.PersistAsync() ? "kept" : "unkept";
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{word} {next - 1}"));
}

var flushed = await sender.FlushAsync();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stored {next - 1} {flushed.IsComplete}"));
await host.StopAsync();
