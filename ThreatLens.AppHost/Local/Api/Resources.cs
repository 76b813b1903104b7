using ThreatLens.AppHost.Local;

// The part of Aspire's API that AppHost.cs uses, under Aspire's names and in Aspire's shape (a test compares them). What each member means
// is documented by Aspire; comments here say only what differs. State that Aspire keeps in annotations is internal state here.
namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>Something the AppHost knows by name.</summary>
    public interface IResource
    {
        string Name { get; }
    }

    /// <summary>A resource that takes environment variables.</summary>
    public interface IResourceWithEnvironment : IResource;

    /// <summary>A resource that listens.</summary>
    public interface IResourceWithEndpoints : IResource;

    /// <summary>A resource that can wait for another one.</summary>
    public interface IResourceWithWaitSupport : IResource;

    /// <summary>A resource that is a connection string.</summary>
    public interface IResourceWithConnectionString : IResource
    {
        ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default);
    }

    /// <summary>A .NET project run as a process of its own.</summary>
    public class ProjectResource : IResourceWithEnvironment, IResourceWithServiceDiscovery, IResourceWithWaitSupport
    {
        internal ProjectResource(string name, IProjectMetadata metadata) => (Name, Metadata) = (name, metadata);

        public string Name { get; }

        internal IProjectMetadata Metadata { get; }

        internal List<EndpointAnnotation> Endpoints { get; } = [];

        internal List<Func<IDictionary<string, string?>, CancellationToken, ValueTask>> Environment { get; } = [];

        internal List<ProjectResource> WaitsFor { get; } = [];

        internal Dictionary<string, ResourceCommand> Commands { get; } = new(StringComparer.OrdinalIgnoreCase);

        internal HealthCheck? HealthCheck { get; set; }
    }

    /// <summary>Configures one resource.</summary>
    public interface IResourceBuilder<out T> where T : IResource
    {
        IDistributedApplicationBuilder ApplicationBuilder { get; }

        T Resource { get; }
    }
}

namespace Aspire.Hosting
{
    /// <summary>A resource that others find by name.</summary>
    public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;

    /// <summary>What the build knows of a project; <c>Projects.*</c> implement it.</summary>
    public interface IProjectMetadata
    {
        string ProjectPath { get; }

        bool SuppressBuild { get; }
    }
}

namespace ThreatLens.AppHost.Local
{
    internal sealed record ResourceBuilder<T>(IDistributedApplicationBuilder ApplicationBuilder, T Resource) : IResourceBuilder<T>
        where T : IResource;

    internal sealed record ConnectionString(string Name, Func<string?> Value) : IResourceWithConnectionString
    {
        public ValueTask<string?> GetConnectionStringAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(Value());
    }

    internal sealed record HealthCheck(EndpointReference Endpoint, string Path, int StatusCode);

    internal sealed record ResourceCommand(
        string DisplayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> Execute, CommandOptions Options);
}
