using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Grpc.Access;
using Xunit;

namespace ThreatLens.Maintenance.Grpc.Tests.Contract;

/// <summary>Addresses that no test machine has.</summary>
public sealed class LoopbackOnlyInterceptorTests
{
    [Theory]
    [InlineData("192.0.2.7")]
    [InlineData("::ffff:192.0.2.7")]
    [InlineData("2001:db8::1")]
    [InlineData("fe80::1")]
    [InlineData("0.0.0.0")]
    public async Task Call_from_elsewhere_is_refused_before_anything_is_done(string address)
    {
        var error = await Assert.ThrowsAsync<MaintenanceException>(() => CallAsync(address, () => Assert.Fail("The call went through.")));

        Assert.Equal((ErrorKind.PermissionDenied, ErrorReasons.LoopbackOnly), (error.Kind, error.Reason));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData(null)]
    public async Task Call_from_the_same_machine_goes_through(string? address)
    {
        var calls = 0;

        await CallAsync(address, () => calls++);

        Assert.Equal(1, calls);
    }

    private static Task<string> CallAsync(string? address, Action onCall)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        var context = new FakeCall();
        // Where Grpc.AspNetCore looks for it when the call is not its own.
        context.UserState["__HttpContext"] = http;
        return new LoopbackOnlyInterceptor().UnaryServerHandler("", context, (_, _) =>
        {
            onCall();
            return Task.FromResult("");
        });
    }

    private sealed class FakeCall : ServerCallContext
    {
        protected override string MethodCore => "/test/Call";

        protected override string HostCore => "localhost";

        protected override string PeerCore => "";

        protected override DateTime DeadlineCore => DateTime.MaxValue;

        protected override Metadata RequestHeadersCore { get; } = [];

        protected override CancellationToken CancellationTokenCore => CancellationToken.None;

        protected override Metadata ResponseTrailersCore { get; } = [];

        protected override Status StatusCore { get; set; }

        protected override WriteOptions? WriteOptionsCore { get; set; }

        protected override AuthContext AuthContextCore { get; } = new(null, []);

        protected override IDictionary<object, object> UserStateCore { get; } = new Dictionary<object, object>();

        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
