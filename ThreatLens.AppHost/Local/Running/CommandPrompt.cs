using System.Text;
using Microsoft.Extensions.Hosting;

namespace ThreatLens.AppHost.Local;

/// <summary>Without a dashboard, commands are typed: <c>maintenance rollback version=003</c>, one to a line of standard input. Its end
/// means that there are no more commands, not that the host should stop.</summary>
internal sealed class CommandPrompt(
    Orchestrator orchestrator, ResourceCommands commands, IHostApplicationLifetime lifetime, Screen screen) : IHostedService
{
    private readonly Dictionary<string, Task> _last = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A background job that reads from its terminal is stopped by the kernel. The thread blocks in read() until there is a line or the
        // end, and a background thread does not keep the process alive.
        if (Console.IsInputRedirected || ProcessStatus.IsInForeground())
        {
            new Thread(ReadLines) { IsBackground = true, Name = "commands" }.Start();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void ReadLines()
    {
        try
        {
            // Not Console.In, which would change the terminal's settings.
            using var input = new StreamReader(Console.OpenStandardInput());
            while (input.ReadLine() is { } line)
            {
                // Not waited for: 'ingest start' may wait for the 'maintenance start' on the next line. What is said to one and the same
                // resource happens in the order it was said.
                var addressee = line.Trim().Split(' ')[0];
                _last[addressee] = ExecuteAfterAsync(_last.GetValueOrDefault(addressee, Task.CompletedTask), line);
            }
        }
        catch (IOException)
        {
            // A closed descriptor or a terminal that is gone: nobody to take commands from.
        }
    }

    private async Task ExecuteAfterAsync(Task previous, string line)
    {
        await previous;
        try
        {
            switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                case []:
                    break;
                case ["help"]:
                    screen.Say(Help());
                    break;
                case ["exit"]:
                    lifetime.StopApplication();
                    break;
                case [var name, var command, .. var arguments] when orchestrator.Resources.FirstOrDefault(resource => resource.Name == name) is { } resource:
                    Show($"{name} {command}", await commands.ExecuteAsync(resource, command, arguments));
                    break;
                default:
                    screen.Say($"There is no command '{line.Trim()}'; 'help' lists them.");
                    break;
            }
        }
        catch (Exception e)
        {
            // The edge: whatever a command throws is its answer, and the host goes on.
            screen.Say($"{line.Trim()}: failed: {(e is CannotStartException or OperationCanceledException ? e.Message : e)}");
        }
    }

    private void Show(string command, ExecuteCommandResult result)
    {
        screen.Say($"{command}: {(result.Success ? "done" : "failed")}{(result.Message is null ? "" : $": {result.Message}")}");
        if (result.Data is { } data)
        {
            screen.Say(data.Value);
        }
    }

    private string Help()
    {
        var text = new StringBuilder("Commands:\n");
        foreach (var resource in orchestrator.Resources)
        {
            text.Append($"  {resource.Name} start | stop | restart\n");
            foreach (var (name, command) in resource.Commands)
            {
                var arguments = command.Options.Arguments.Select(input => input.Required ? $" {input.Name}=..." : $" [{input.Name}=...]");
                text.Append($"  {resource.Name} {name}{string.Concat(arguments)}   {command.Options.Description}\n");
            }
        }

        return text.Append("  help | exit").ToString();
    }
}
