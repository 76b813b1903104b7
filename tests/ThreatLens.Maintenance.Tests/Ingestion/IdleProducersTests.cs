using ThreatLens.Maintenance.Errors;
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
    public void Commit_of_two_streams_of_a_producer_that_began_together_ends_the_first()
    {
        var sequences = new ProducerSequences();
        var (first, second) = (new ProducerSession("one", ""), new ProducerSession("one", ""));
        sequences.TakeOver(first, 7);
        sequences.Advance(first, 8);
        sequences.TakeOver(second, 8);
        Assert.False(first.Replaced.IsCompleted);

        sequences.Commit();

        Assert.True(first.Replaced.IsFaulted);
        Assert.False(second.Replaced.IsCompleted);
        Assert.False(sequences.IsStored(second, 9));
        Assert.Equal(ErrorReasons.ProducerReplaced, Assert.Throws<MaintenanceException>(() => sequences.IsStored(first, 9)).Reason);
    }

    [Fact]
    public void Rollback_of_two_streams_of_a_producer_ends_neither()
    {
        var sequences = new ProducerSequences();
        var (first, second) = (new ProducerSession("one", ""), new ProducerSession("one", ""));
        sequences.TakeOver(first, 7);
        sequences.TakeOver(second, 7);
        sequences.Rollback();
        Take(sequences, first);

        Assert.False(first.Replaced.IsCompleted);
        Assert.True(sequences.IsStored(first, 7));
    }

    [Fact]
    public async Task OpenAsync_given_up_before_its_welcome_is_not_remembered_for_ever()
    {
        Migrated(0);
        var database = Database();
        using var writer = Writer(database);
        using (await database.WriteGate.EnterAsync())
        {
            using var giveUp = new CancellationTokenSource();
            var opening = Enumerable.Range(0, 2 * ProducerSequences.LeastRemembered).Select(i => writer.OpenAsync($"gone-{i}", "", giveUp.Token)).ToList();
            await giveUp.CancelAsync();
            foreach (var one in opening)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        }

        await writer.OpenAsync("stays", "", CancellationToken.None);

        Assert.InRange(writer.RememberedProducers, 1, ProducerSequences.LeastRemembered);
        await writer.StopAsync(CancellationToken.None);
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
