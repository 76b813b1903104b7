using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ThreatLens.AppHost.Local;

namespace Aspire.Hosting
{
    /// <summary>Collects the resources.</summary>
    public interface IDistributedApplicationBuilder
    {
        string AppHostDirectory { get; }

        ConfigurationManager Configuration { get; }

        IHostEnvironment Environment { get; }

        IServiceCollection Services { get; }

        DistributedApplication Build();
    }

    /// <summary>Runs the resources.</summary>
    public class DistributedApplication
    {
        private readonly IHost _host;

        public DistributedApplication(IHost host) => _host = host;

        public IServiceProvider Services => _host.Services;

        public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new LocalBuilder(args);

        /// <summary>Until Ctrl+C, SIGTERM, or a start that cannot succeed, which ends the process with code 1.</summary>
        public void Run() => _host.Run();
    }
}

namespace ThreatLens.AppHost.Local
{
    /// <summary>The generic host does what it is good at: configuration, logging, signals, the order of stopping.</summary>
    internal sealed class LocalBuilder : IDistributedApplicationBuilder
    {
        private readonly HostApplicationBuilder _host;

        public LocalBuilder(string[] args)
        {
            AppHostDirectory = BuildFacts.Find("apphostprojectpath") ?? Directory.GetCurrentDirectory();
            _host = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppHostDirectory });
            _host.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
            _host.Logging.AddSimpleConsole(console => console.SingleLine = true);
            // Longer than the grace of every process together with the end of those that overstayed it.
            _host.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ResourceProcess.Grace + TimeSpan.FromSeconds(30));
        }

        public string AppHostDirectory { get; }

        public ConfigurationManager Configuration => _host.Configuration;

        public IHostEnvironment Environment => _host.Environment;

        public IServiceCollection Services => _host.Services;

        public List<ProjectResource> Projects { get; } = [];

        public DistributedApplication Build()
        {
            Services.AddSingleton(TimeProvider.System);
            Services.AddSingleton<IReadOnlyList<ProjectResource>>(Projects);
            Services.AddSingleton<Screen>();
            Services.AddSingleton<Orchestrator>();
            Services.AddHostedService(services => services.GetRequiredService<Orchestrator>());
            Services.AddSingleton<ResourceCommands>();
            Services.AddHostedService<CommandPrompt>();
            Services.AddHostedService<ParentWatch>();
            return new DistributedApplication(_host.Build());
        }
    }

    /// <summary>What the build wrote into the AppHost's assembly (Aspire.targets).</summary>
    internal static class BuildFacts
    {
        public static string? Find(string key) => Assembly.GetEntryAssembly()?
            .GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(attribute => attribute.Key == key)?.Value;
    }
}
