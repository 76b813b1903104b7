using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using ThreatLens.Maintenance.Client.Ingestion;
using Xunit;
using Status = Google.Rpc.Status;

namespace ThreatLens.EndToEnd.Tests.Ingest;

public sealed class ReconnectDelayTests
{
    private readonly ReconnectDelay _delay = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), new Random(1));

    [Fact]
    public void Next_failures_in_a_row_doubles_with_jitter_up_to_the_longest()
    {
        foreach (var full in new[] { 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000 })
            Assert.InRange(_delay.Next(null, replaced: false).TotalMilliseconds, full / 2.0, full);
    }

    [Fact]
    public void Next_many_instances_do_not_come_back_together()
    {
        var delays = Enumerable.Range(0, 20).Select(seed => new ReconnectDelay(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), new Random(seed)).Next(null, false));

        Assert.True(delays.Distinct().Count() > 15);
    }

    [Fact]
    public void Next_after_progress_begins_again()
    {
        for (var failure = 0; failure < 10; failure++)
            _delay.Next(null, replaced: false);
        _delay.Reset();

        Assert.InRange(_delay.Next(null, replaced: false).TotalMilliseconds, 50, 100);
    }

    [Fact]
    public void Next_service_asks_for_more_waits_that_long() =>
        Assert.Equal(TimeSpan.FromSeconds(42), _delay.Next(Asking(TimeSpan.FromSeconds(42)), replaced: false));

    [Fact]
    public void Next_service_asks_for_a_day_waits_five_minutes() =>
        Assert.Equal(TimeSpan.FromMinutes(5), _delay.Next(Asking(TimeSpan.FromDays(1)), replaced: false));

    [Fact]
    public void Next_replaced_waits_as_long_as_it_ever_does() =>
        Assert.InRange(_delay.Next(null, replaced: true), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));

    private static RpcException Asking(TimeSpan delay) => new Status
    {
        Code = (int)StatusCode.Unavailable,
        Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }) },
    }.ToRpcException();
}
