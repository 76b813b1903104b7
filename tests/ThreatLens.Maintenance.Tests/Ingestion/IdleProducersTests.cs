using ThreatLens.Maintenance.Ingestion;
using ThreatLens.Maintenance.Tests.Statistics;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

/// <summary>What is remembered of producers, in memory and in the database, and for how long.</summary>
public sealed class IdleProducersTests : MetricsTestBase
{
    [Fact]
    public void Commit_streams_that_ended_are_not_remembered_for_ever_and_those_that_live_are()
    {
        var sequences = new ProducerSequences();
        var living = new ProducerSession("living", "");
        Take(sequences, living);
        for (var i = 0; i < 10 * ProducerSequences.LeastRemembered; i++)
        {
            var passing = new ProducerSession($"passing-{i}", "");
            Take(sequences, passing);
            passing.Leave();
            Assert.InRange(sequences.Count, 1, ProducerSequences.LeastRemembered);
        }

        Assert.True(sequences.IsStored(living, 7));
        Assert.False(sequences.IsStored(living, 8));
    }

    [Fact]
    public async Task OpenAsync_forgets_producers_that_were_idle_for_too_long_and_no_others()
    {
        Migrated(0);
        await StoreAsync([Sample(At(1, 0))]);
        const string Add =
            "INSERT INTO maintenance_producers(producer_id, description, last_sequence, updated_at) VALUES ('ID', '', 9, datetime('now', 'AGE') || '.000000'); "
            + "INSERT INTO maintenance_source_positions(producer_id, source_name, path, position, position_token, updated_at) VALUES ('ID', 's', '/s', 5, '', datetime('now', 'AGE') || '.000000')";
        File.Execute(Add.Replace("ID", "old").Replace("AGE", "-401 days"));
        File.Execute(Add.Replace("ID", "young").Replace("AGE", "-399 days"));
        using var writer = Writer();

        var (_, old) = await writer.OpenAsync("old", "", CancellationToken.None);
        var (_, young) = await writer.OpenAsync("young", "", CancellationToken.None);
        await writer.StopAsync(CancellationToken.None);

        Assert.Equal((0L, 0), (old.LastSequence, old.Positions.Count));
        Assert.Equal((9L, 1), (young.LastSequence, young.Positions.Count));
    }

    private static void Take(ProducerSequences sequences, ProducerSession session)
    {
        sequences.TakeOver(session, 7);
        sequences.Commit();
    }
}
