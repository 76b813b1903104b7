using Microsoft.Extensions.Hosting;

namespace ThreatLens.AppHost.Local;

/// <summary>Starts every resource when what it waits for is healthy, and stops them in the opposite order.</summary>
internal sealed class Orchestrator(
    IReadOnlyList<ProjectResource> resources, IHostEnvironment host, IHostApplicationLifetime lifetime, Screen screen, TimeProvider time) : IHostedService
{
    private readonly List<Managed> _managed = [.. resources.Select(resource => new Managed(resource, host, screen, time))];
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public IReadOnlyList<ProjectResource> Resources => resources;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var version = BuildFacts.Find("aspireversion");
        screen.Say($"Aspire {version} was not found (or not wanted), so this is the built-in host, without a dashboard. "
            + $"To ask again, delete obj/aspire-{version}.props beside AppHost.cs, or build with -p:UseAspire=true.");
        _running = Task.WhenAll([StartAllAsync(), .. _managed.Select(managed => managed.Health.RunAsync(_stopping.Token))]);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        var left = _managed.ToList();
        while (left.Count > 0)
        {
            // A ring of waits would leave nobody without dependents: then all at once.
            var free = left.Where(one => !left.Any(other => other.Resource.WaitsFor.Contains(one.Resource))).ToList();
            var next = free.Count > 0 ? free : [.. left];
            await Task.WhenAll(next.Select(managed => managed.StopAsync(cancellationToken)));
            left.RemoveAll(next.Contains);
        }

        await _running;
        screen.Say("Everything has stopped.");
    }

    /// <summary>Starts a resource that is not running, after what it waits for.</summary>
    public Task StartAsync(ProjectResource resource) => Of(resource).StartAsync(WaitAsync, _stopping.Token);

    /// <summary>Stops a resource that is running.</summary>
    public Task StopAsync(ProjectResource resource) => Of(resource).StopAsync(CancellationToken.None);

    private async Task StartAllAsync()
    {
        try
        {
            await Task.WhenAll(_managed.Select(StartOrGiveUpAsync));
            await Task.WhenAll(_managed.Select(managed => managed.Health.WhenHealthyAsync(_stopping.Token)));
            screen.Say($"Everything is up: {string.Join(", ", _managed.Select(managed => managed.Address))}. 'help' lists commands, Ctrl+C stops.");
        }
        catch (OperationCanceledException)
        {
            // Stopped before everything was up.
        }
    }

    /// <summary>A system that cannot come up as a whole ends at once: the others may be waiting for this resource.</summary>
    private async Task StartOrGiveUpAsync(Managed managed)
    {
        try
        {
            await StartAsync(managed.Resource);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            screen.Say(e is CannotStartException ? e.Message : $"{managed.Resource.Name} cannot be started: {e.Message}");
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private async Task WaitAsync(ProjectResource resource, CancellationToken cancellationToken)
    {
        foreach (var dependency in resource.WaitsFor)
        {
            var healthy = Of(dependency).Health.WhenHealthyAsync(cancellationToken);
            if (!healthy.IsCompleted)
            {
                screen.Say($"{resource.Name} waits for {dependency.Name}");
            }

            await healthy;
        }
    }

    private Managed Of(ProjectResource resource) => _managed.Find(managed => managed.Resource == resource)!;

    private sealed class Managed
    {
        private readonly ResourceProcess _process;
        private readonly SemaphoreSlim _oneAtATime = new(1);

        public Managed(ProjectResource resource, IHostEnvironment host, Screen screen, TimeProvider time)
        {
            Resource = resource;
            _process = new(resource, host, screen, time);
            Health = new(resource, _process, screen, time);
        }

        public ProjectResource Resource { get; }

        public HealthWatch Health { get; }

        public string Address => Resource.HealthCheck is { } check
            ? $"{Resource.Name} ({string.Join(", ", Resource.Endpoints.Select(endpoint => $"{endpoint.Name} {endpoint.Url}"))}, health {check.Endpoint.Url}{check.Path})"
            : Resource.Name;

        public async Task StartAsync(Func<ProjectResource, CancellationToken, Task> waitAsync, CancellationToken cancellationToken)
        {
            await _oneAtATime.WaitAsync(cancellationToken);
            try
            {
                await waitAsync(Resource, cancellationToken);
                if (!_process.IsRunning)
                {
                    Health.Forget();
                    await _process.StartAsync(cancellationToken);
                }
            }
            finally
            {
                _oneAtATime.Release();
            }
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            await _oneAtATime.WaitAsync(CancellationToken.None);
            try
            {
                await _process.StopAsync(cancellationToken);
            }
            finally
            {
                _oneAtATime.Release();
            }
        }
    }
}
