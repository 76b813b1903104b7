using ThreatLens.Maintenance.Ingestion;
using Xunit;

namespace ThreatLens.Maintenance.Tests.Ingestion;

public sealed class ByteBudgetTests
{
    [Fact]
    public async Task TakeAsync_beyond_the_limit_waits_for_a_return()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(80, CancellationToken.None);
        var second = budget.TakeAsync(30, CancellationToken.None).AsTask();
        Assert.False(second.IsCompleted);
        budget.Return(80);
        await second;
        Assert.Equal(30, budget.Used);
    }

    [Fact]
    public async Task TakeAsync_is_first_come_first_served_even_when_a_later_one_would_fit()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(80, CancellationToken.None);
        var large = budget.TakeAsync(50, CancellationToken.None).AsTask();
        var small = budget.TakeAsync(5, CancellationToken.None).AsTask();
        Assert.False(small.IsCompleted);
        budget.Return(80);
        await Task.WhenAll(large, small);
        Assert.Equal(55, budget.Used);
    }

    [Fact]
    public async Task TakeAsync_given_up_takes_nothing_and_lets_the_next_one_in()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(80, CancellationToken.None);
        using var impatience = new CancellationTokenSource();
        var large = budget.TakeAsync(50, impatience.Token).AsTask();
        var small = budget.TakeAsync(5, CancellationToken.None).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        await small;
        Assert.Equal(85, budget.Used);
    }

    [Fact]
    public async Task TakeAsync_more_than_the_limit_is_granted_alone()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(500, CancellationToken.None);
        var second = budget.TakeAsync(1, CancellationToken.None).AsTask();
        Assert.False(second.IsCompleted);
        budget.Return(500);
        await second;
    }
}
