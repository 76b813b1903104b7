using ThreatLens.Testing;
using ThreatLens.Testing.Processes;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Retention;

/// <summary>Policies of the configuration that cannot be meant, or not even be read.</summary>
public sealed class WrongSettingTests
{
    [Theory]
    [InlineData("ProcessingMetrics__MaxAge", "-1", "'RetentionOptions.ProcessingMetrics' members: 'MaxAge'")]
    [InlineData("Events__MaxAge", "0", "'RetentionOptions.Events' members: 'MaxAge'")]
    [InlineData("Events__MaxAge", "soon", "Maintenance:Retention:Events:MaxAge")]
    [InlineData("Operations__MaxAge", "1000000000", "Maintenance:Retention:Operations:MaxAge")]
    [InlineData("Events__MaxRows", "many", "Maintenance:Retention:Events:MaxRows")]
    [InlineData("MaxDatabaseBytes", "2GiB", "Maintenance:Retention:MaxDatabaseBytes")]
    public async Task Policy_that_cannot_be_meant_ends_the_start_with_a_sentence_that_names_it(string setting, string value, string named)
    {
        using var folder = new TemporaryFolder();
        await using var process = ChildProcess.StartDotnet(
            Repository.Assembly("ThreatLens.Maintenance.Grpc"), Repository.ProjectFolder("ThreatLens.Maintenance.Grpc"), [],
            new Dictionary<string, string?>
            {
                ["ConnectionStrings__threatlens"] = $"Data Source={folder.File("threatlens.db")}",
                ["Kestrel__Endpoints__grpc__Url"] = "http://127.0.0.1:0",
                ["Kestrel__Endpoints__http__Url"] = "http://127.0.0.1:0",
                [$"Maintenance__Retention__{setting}"] = value,
            });

        await process.WaitForLineAsync(line => line.StartsWith("The service cannot start: ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));
        await Eventually.TrueAsync(() => process.HasExited, () => $"the process did not end:\n{string.Join('\n', process.Output)}");
        Assert.Equal(1, process.ExitCode);
        Assert.False(File.Exists(folder.File("threatlens.db")));
    }
}
