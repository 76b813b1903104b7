using Microsoft.AspNetCore.Http.Features;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>
/// Lets callers hear why their streams end when the service stops. A connection closes with its last stream, and .NET's client forgets
/// the status of a stream that it is still sending on when its connection closes, though the status came first. So the response is
/// completed, and what still comes in is read and thrown away until the caller has heard and stopped.
/// </summary>
internal static class OrderlyEnd
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Reads on, for a moment, behind streams that end because the service stops.</summary>
    public static void UseOrderlyEnd(this WebApplication app)
    {
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (app.Lifetime.ApplicationStopping.IsCancellationRequested && context.Features.Get<IHttpResponseTrailersFeature>() is not null)
                await EndAsync(context, time);
        });
    }

    private static async Task EndAsync(HttpContext context, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            await context.Response.CompleteAsync();
            while (true)
            {
                var read = await context.Request.BodyReader.ReadAsync(limit.Token);
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The caller has gone, or the connection no longer reads; the transport stays open as long as this waits.
            await Task.Delay(Timeout.InfiniteTimeSpan, time, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
