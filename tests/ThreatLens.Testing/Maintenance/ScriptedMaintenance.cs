using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.Testing.Maintenance;

/// <summary>
/// A server of the contract that does what a test says, over a real port: for what the real service cannot be made to do at will, such
/// as to be unavailable twice, or never to finish. Calls without a script are UNIMPLEMENTED.
/// </summary>
public sealed class ScriptedMaintenance : DatabaseMaintenance.DatabaseMaintenanceBase, IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Method, Metadata Headers)> _calls = [];
    private WebApplication? _app;

    private ScriptedMaintenance()
    {
    }

    public Func<StatusResponse>? OnStatus { get; set; }

    public Func<MigrateRequest, MigrateResponse>? OnMigrate { get; set; }

    public Func<GetOperationRequest, GetOperationResponse>? OnGetOperation { get; set; }

    /// <summary>Gets the request, a writer and a token that ends with the call.</summary>
    public Func<WatchOperationRequest, Func<Operation, Task>, CancellationToken, Task>? OnWatch { get; set; }

    public Func<HealthReportRequest, Func<HealthReportResponse, Task>, CancellationToken, Task>? OnHealthReport { get; set; }

    /// <summary>Set: every request is answered with this HTTP status before it gets to gRPC, as a gateway in trouble does.</summary>
    public int? HttpStatus { get; set; }

    public Uri Address => new(_app!.Services.GetRequiredService<IServer>().Features
        .GetRequiredFeature<IServerAddressesFeature>().Addresses.First());

    /// <summary>The calls so far, in the order they came.</summary>
    public IReadOnlyList<(string Method, Metadata Headers)> Calls => [.. _calls];

    public static async Task<ScriptedMaintenance> StartAsync()
    {
        var service = new ScriptedMaintenance();
        // Empty: the service's appsettings.json lies beside the tests, and its ports are not for this.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(service);
        service._app = builder.Build();
        service._app.Use(service.RefuseAsync);
        service._app.MapGrpcService<ScriptedMaintenance>();
        await service._app.StartAsync();
        return service;
    }

    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context) =>
        Answer(context, OnStatus, status => status());

    public override Task<MigrateResponse> Migrate(MigrateRequest request, ServerCallContext context) =>
        Answer(context, OnMigrate, migrate => migrate(request));

    public override Task<GetOperationResponse> GetOperation(GetOperationRequest request, ServerCallContext context) =>
        Answer(context, OnGetOperation, get => get(request));

    public override Task WatchOperation(
        WatchOperationRequest request, IServerStreamWriter<WatchOperationResponse> responseStream, ServerCallContext context) =>
        Stream(context, OnWatch, watch => watch(
            request,
            operation => responseStream.WriteAsync(new WatchOperationResponse { Operation = operation }),
            context.CancellationToken));

    public override Task HealthReport(
        HealthReportRequest request, IServerStreamWriter<HealthReportResponse> responseStream, ServerCallContext context) =>
        Stream(context, OnHealthReport, report => report(request, response => responseStream.WriteAsync(response), context.CancellationToken));

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpStatus is not { } status)
            return next(context);

        _calls.Enqueue((context.Request.Path.Value!, []));
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private Task<TResponse> Answer<TScript, TResponse>(ServerCallContext context, TScript? script, Func<TScript, TResponse> run)
        where TScript : class
    {
        _calls.Enqueue((context.Method, context.RequestHeaders));
        return Task.FromResult(run(script ?? throw new RpcException(new Status(StatusCode.Unimplemented, "no script"))));
    }

    private async Task Stream<TScript>(ServerCallContext context, TScript? script, Func<TScript, Task> run)
        where TScript : class
    {
        _calls.Enqueue((context.Method, context.RequestHeaders));
        try
        {
            await run(script ?? throw new RpcException(new Status(StatusCode.Unimplemented, "no script")));
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The caller has left.
        }
    }
}
