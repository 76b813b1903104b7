using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using ThreatLens.AppHost.Local;

namespace Aspire.Hosting;

/// <summary>Projects.</summary>
public static class ProjectResourceBuilderExtensions
{
    /// <summary>As in Aspire, the project's endpoints are those of <c>Kestrel:Endpoints</c> in its appsettings.json.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new()
    {
        var project = new ProjectResource(name, new TProject());
        var folder = Path.GetDirectoryName(project.Metadata.ProjectPath)!;
        var settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(folder, "appsettings.json"), optional: true).Build();
        foreach (var endpoint in settings.GetSection("Kestrel:Endpoints").GetChildren())
        {
            var url = new Uri(endpoint["Url"] ?? throw new InvalidOperationException($"{endpoint.Path} of {name} has no Url."));
            project.Endpoints.Add(new(endpoint.Key) { UriScheme = url.Scheme, TargetHost = url.Host, Port = url.Port });
        }

        project.Environment.Add((variables, _) =>
        {
            project.Endpoints.ForEach(endpoint => variables[$"Kestrel__Endpoints__{endpoint.Name}__Url"] = endpoint.Url);
            return ValueTask.CompletedTask;
        });
        ((LocalBuilder)builder).Projects.Add(project);
        return new ResourceBuilder<ProjectResource>(builder, project);
    }
}

/// <summary>Parameters and connection strings.</summary>
public static class ParameterResourceBuilderExtensions
{
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, string? environmentVariableName = null) =>
        environmentVariableName is null
            ? new ResourceBuilder<IResourceWithConnectionString>(builder, new ConnectionString(name, () => builder.Configuration.GetConnectionString(name)))
            : throw new NotSupportedException("The built-in host passes connection strings under their own name only.");
}

/// <summary>What resources are given.</summary>
public static partial class ResourceBuilderExtensions
{
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment =>
        builder.Configure(project => project.Environment.Add((variables, _) =>
        {
            variables[name] = value ?? "";
            return ValueTask.CompletedTask;
        }));

    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null, bool optional = false)
        where TDestination : IResourceWithEnvironment =>
        builder.Configure(project => project.Environment.Add(async (variables, cancellationToken) =>
        {
            var name = connectionName ?? source.Resource.Name;
            var value = await source.Resource.GetConnectionStringAsync(cancellationToken);
            if (value is null && !optional)
            {
                throw new InvalidOperationException($"Connection string '{name}' is missing: set ConnectionStrings__{name}.");
            }

            variables[$"ConnectionStrings__{name}"] = value;
        }));

    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment =>
        builder.Configure(project => project.Environment.Add((variables, _) =>
        {
            foreach (var endpoint in Project(source).Endpoints)
            {
                variables[$"services__{source.Resource.Name}__{endpoint.Name}__0"] = endpoint.Url;
                variables[NotInVariableNames().Replace($"{source.Resource.Name}_{endpoint.Name}".ToUpperInvariant(), "_")] = endpoint.Url;
            }

            return ValueTask.CompletedTask;
        }));

    public static EndpointReference GetEndpoint<T>(this IResourceBuilder<T> builder, string name) where T : IResourceWithEndpoints =>
        new(Project(builder), name);

    public static IResourceBuilder<T> WithEndpoint<T>(
        this IResourceBuilder<T> builder, string endpointName, Action<EndpointAnnotation> callback, bool createIfNotExists = true)
        where T : IResourceWithEndpoints =>
        builder.Configure(project =>
        {
            var endpoint = project.Endpoints.Find(endpoint => endpoint.Name.Equals(endpointName, StringComparison.OrdinalIgnoreCase));
            if (endpoint is null && createIfNotExists)
            {
                project.Endpoints.Add(endpoint = new(endpointName));
            }

            if (endpoint is not null)
            {
                callback(endpoint);
            }
        });

    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints =>
        builder.Configure(project => project.HealthCheck = new(builder.GetEndpoint(endpointName ?? "http"), path ?? "/", statusCode ?? 200));

    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency)
        where T : IResourceWithWaitSupport =>
        builder.Configure(project => project.WaitsFor.Add(Project(dependency)));

    public static IResourceBuilder<T> WithCommand<T>(
        this IResourceBuilder<T> builder, string name, string displayName,
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> executeCommand, CommandOptions? commandOptions = null)
        where T : IResource =>
        builder.Configure(project => project.Commands[name] = new(displayName, executeCommand, commandOptions ?? new()));

    private static IResourceBuilder<T> Configure<T>(this IResourceBuilder<T> builder, Action<ProjectResource> change) where T : IResource
    {
        change(Project(builder));
        return builder;
    }

    private static ProjectResource Project<T>(IResourceBuilder<T> builder) where T : IResource =>
        builder.Resource as ProjectResource ?? throw new NotSupportedException($"The built-in host runs projects only, not '{builder.Resource.Name}'.");

    [GeneratedRegex("[^A-Z0-9_]")]
    private static partial Regex NotInVariableNames();
}
