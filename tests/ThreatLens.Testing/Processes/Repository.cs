using System.Reflection;

namespace ThreatLens.Testing.Processes;

/// <summary>Where the things under test are.</summary>
public static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>The project's own folder, where it is run.</summary>
    public static string ProjectFolder(string project) => Path.Combine(Root, project);

    /// <summary>The project's built assembly, of the configuration that the tests were built with.</summary>
    public static string Assembly(string project, string? assemblyName = null)
    {
        var path = Path.Combine(Root, project, "bin", Metadata("Configuration"), "net10.0", $"{assemblyName ?? project}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{project} is not built; build the solution first.", path);
    }

    private static string Metadata(string key) => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
