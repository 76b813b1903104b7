namespace ThreatLens.AppHost.Local;

/// <summary>Asks one resource's health check while its process runs, says when the answer changes, and lets others wait for a good one.
/// A resource without a health check is healthy while it runs.</summary>
internal sealed class HealthWatch(ProjectResource resource, ResourceProcess process, Screen screen, TimeProvider time)
{
    private static readonly TimeSpan UntilHealthy = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WhileHealthy = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the latest answer of a running process is a good one.</summary>
    public Task WhenHealthyAsync(CancellationToken cancellationToken)
    {
        if (!process.IsRunning)
        {
            Forget();
        }

        lock (_lock)
        {
            return _healthy.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What an earlier process answered says nothing about the next one.</summary>
    public void Forget() => Remember(false);

    /// <summary>Until <paramref name="cancellationToken"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // HTTP_PROXY is for the web; what is asked here is this machine.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(5) };
        string? last = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var answer = process.IsRunning ? await AskAsync(client, cancellationToken) : null;
            // No answer is no news: the process is starting, or its end has been reported.
            if (answer is not null && answer != last && (answer.Length > 0 || resource.HealthCheck is not null))
            {
                screen.Say(answer.Length == 0 ? $"{resource.Name} is healthy" : $"{resource.Name} is not healthy: {answer}");
            }

            last = answer;
            Remember(answer is "");
            await Task.Delay(answer is "" ? WhileHealthy : UntilHealthy, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Empty when healthy, null without an answer, else what was answered.</summary>
    private async Task<string?> AskAsync(HttpClient client, CancellationToken cancellationToken)
    {
        if (resource.HealthCheck is not { } check)
        {
            return "";
        }

        try
        {
            using var response = await client.GetAsync(new Uri(new Uri(check.Endpoint.Url), check.Path), cancellationToken);
            return (int)response.StatusCode == check.StatusCode
                ? ""
                : $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    private void Remember(bool healthy)
    {
        lock (_lock)
        {
            if (healthy)
            {
                _healthy.TrySetResult();
            }
            else if (_healthy.Task.IsCompleted)
            {
                _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
