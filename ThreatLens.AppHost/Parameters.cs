using Microsoft.Extensions.Configuration;

namespace ThreatLens.AppHost;

/// <summary>The database used when <c>ConnectionStrings:threatlens</c> names none.</summary>
internal static class DefaultDatabase
{
    /// <summary>A connection string for <c>data/threatlens.db</c> under <paramref name="folder"/>, which is created. Absolute, because a
    /// relative path would mean another file in every process.</summary>
    public static string In(string folder)
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, "data"));
        return $"Data Source={Path.Combine(data.FullName, "threatlens.db")}";
    }
}

/// <summary>The log files the sample tails: <c>Ingest:Paths:0</c>, <c>:1</c>, ... of the AppHost's configuration. With none the sample
/// writes and tails its own.</summary>
internal static class LogFiles
{
    /// <summary>The configured paths; relative ones are meant from <paramref name="folder"/>, the AppHost's own.</summary>
    public static IReadOnlyList<string> From(IConfiguration configuration, string folder) =>
        [.. configuration.GetSection("Ingest:Paths").GetChildren()
            .Select(path => path.Value)
            .OfType<string>()
            .Where(path => path.Length > 0)
            .Select(path => Path.GetFullPath(path, folder))];

    /// <summary>Hands the paths to the sample under the keys it reads.</summary>
    public static IResourceBuilder<ProjectResource> WithLogFiles(this IResourceBuilder<ProjectResource> ingest, IReadOnlyList<string> paths)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            ingest.WithEnvironment($"Ingest__Paths__{i}", paths[i]);
        }

        return ingest;
    }
}

/// <summary>The folder of the operator's own migrations: <c>Maintenance:Migrations:Path</c> of the AppHost's configuration.</summary>
internal static class MigrationFolder
{
    /// <summary>Hands the folder on; a relative one is meant from the AppHost's own, since the service would start elsewhere.</summary>
    public static IResourceBuilder<ProjectResource> WithMigrationFolder(this IResourceBuilder<ProjectResource> maintenance, IDistributedApplicationBuilder builder) =>
        builder.Configuration["Maintenance:Migrations:Path"] is { Length: > 0 } path
            ? maintenance.WithEnvironment("Maintenance__Migrations__Path", Path.GetFullPath(path, builder.AppHostDirectory))
            : maintenance;
}

/// <summary>Which environment (Development, Production) the resources run in.</summary>
internal static class ResourceEnvironment
{
    /// <summary>The AppHost's own. Aspire takes it from each project's launch profile, and a project without one would run as
    /// Production.</summary>
    public static IResourceBuilder<ProjectResource> InEnvironmentOf(this IResourceBuilder<ProjectResource> project, IDistributedApplicationBuilder builder) =>
        project
            .WithEnvironment("ASPNETCORE_ENVIRONMENT", builder.Environment.EnvironmentName)
            .WithEnvironment("DOTNET_ENVIRONMENT", builder.Environment.EnvironmentName);
}
