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
    public Task Policy_that_cannot_be_meant_ends_the_start_with_a_sentence_that_names_it(string setting, string value, string named) =>
        RefusedStart.AssertAsync($"Maintenance__Retention__{setting}", value, named);
}
