using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ThreatLens.AppHost.Local;

/// <summary>The commands of resources: those every resource has in Aspire, and those AppHost.cs gave it. Arguments are checked as Aspire
/// checks them.</summary>
internal sealed class ResourceCommands(
    Orchestrator orchestrator, IServiceProvider services, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
{
    /// <summary>Runs the command <paramref name="name"/> of <paramref name="resource"/> with arguments written <c>name=value</c>.</summary>
    public async Task<ExecuteCommandResult> ExecuteAsync(ProjectResource resource, string name, string[] arguments)
    {
        switch (name)
        {
            case "start":
                await orchestrator.StartAsync(resource);
                return CommandResults.Success("started");
            case "stop":
                await orchestrator.StopAsync(resource);
                return CommandResults.Success("stopped");
            case "restart":
                await orchestrator.StopAsync(resource);
                await orchestrator.StartAsync(resource);
                return CommandResults.Success("restarted");
        }

        if (!resource.Commands.TryGetValue(name, out var command))
        {
            return CommandResults.Failure($"{resource.Name} has no command '{name}'; 'help' lists them.");
        }

        var given = arguments.Select(argument => argument.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "");
        var inputs = command.Options.Arguments.Select(input => WithValue(input, given.GetValueOrDefault(input.Name))).ToList();
        if (given.Keys.FirstOrDefault(key => inputs.All(input => input.Name != key)) is { } unknown)
        {
            return CommandResults.Failure($"'{name}' has no argument '{unknown}'.");
        }

        if (inputs.Find(input => input.Required && string.IsNullOrEmpty(input.Value)) is { } missing)
        {
            return CommandResults.Failure($"'{name}' needs {missing.Name}=<value>: {missing.Description}");
        }

        return await command.Execute(new()
        {
            Arguments = new(inputs),
            CancellationToken = lifetime.ApplicationStopping,
            Logger = loggers.CreateLogger(resource.Name),
            ResourceName = resource.Name,
            Services = services,
        });
    }

    private static InteractionInput WithValue(InteractionInput input, string? value) => new()
    {
        Name = input.Name,
        InputType = input.InputType,
        Description = input.Description,
        Required = input.Required,
        Value = value ?? input.Value,
    };
}
