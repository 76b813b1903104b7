using System.Reflection;
using System.Runtime.Loader;
using Xunit;

namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>AppHost.cs is compiled against Aspire on some machines and against ThreatLens.AppHost/Local on others. Local may leave out
/// what AppHost.cs does not use; what it has must have Aspire's shape.</summary>
public sealed class LocalApiTests
{
    /// <summary>A folder that holds Aspire.Hosting.dll and what it needs, such as the output of an AppHost built with Aspire. Set, it is
    /// compared with as well.</summary>
    private const string AspireFolder = "THREATLENS_ASPIRE_API_DIR";

    // Local's sources are compiled into this assembly.
    private static readonly IReadOnlySet<string> Local = ApiShape.Of(typeof(LocalApiTests).Assembly);

    private static readonly HashSet<string> Listed =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "AppHost", "aspire-api.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    [Fact]
    public void Local_has_no_public_member_that_Aspire_lacks()
    {
        Assert.Contains("static class Aspire.Hosting.ResourceBuilderExtensions", Local);
        Assert.Empty(Local.Except(Listed).Order(StringComparer.Ordinal));
    }

    /// <summary>The list stands for Aspire where that is not at hand; where it is, it is asked itself.</summary>
    [Fact]
    public void The_list_has_no_line_that_Local_does_not_use_or_Aspire_lacks()
    {
        Assert.Empty(Listed.Except(Local).Order(StringComparer.Ordinal));
        if (Environment.GetEnvironmentVariable(AspireFolder) is { Length: > 0 } folder)
        {
            var aspire = ApiShape.Of(new FolderContext(folder).LoadFromAssemblyPath(Path.Combine(folder, "Aspire.Hosting.dll")));
            Assert.Empty(Listed.Except(aspire).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("System.String? Aspire.Hosting.ApplicationModel.CommandOptions.Description { get; set; }")]
    [InlineData("required System.Boolean Aspire.Hosting.ApplicationModel.ExecuteCommandResult.Success { get; init; }")]
    [InlineData("Aspire.Hosting.InputType.Number = 4")]
    [InlineData("Aspire.Hosting.ApplicationModel.ProjectResource is Aspire.Hosting.ApplicationModel.IResourceWithEndpoints")]
    [InlineData("interface Aspire.Hosting.ApplicationModel.IResourceBuilder<T> out T where T : Aspire.Hosting.ApplicationModel.IResource")]
    public void ApiShape_says_what_a_caller_depends_on(string fact) => Assert.Contains(fact, Local);

    private sealed class FolderContext(string folder) : AssemblyLoadContext("aspire")
    {
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            var file = Path.Combine(folder, assemblyName.Name + ".dll");
            return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }
    }
}
