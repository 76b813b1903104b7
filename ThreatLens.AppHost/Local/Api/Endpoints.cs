namespace Aspire.Hosting.ApplicationModel;

/// <summary>One address a resource listens on. There is no proxy here: <see cref="Port"/> is the port the process itself binds.</summary>
public sealed class EndpointAnnotation
{
    internal EndpointAnnotation(string name) => Name = name;

    public string Name { get; set; }

    public int? Port { get; set; }

    public string UriScheme { get; set; } = "http";

    public string TargetHost { get; set; } = "localhost";

    internal string Url => $"{UriScheme}://{TargetHost}:{Port}";
}

/// <summary>A resource's endpoint by name.</summary>
public sealed class EndpointReference
{
    private readonly ProjectResource _owner;

    internal EndpointReference(ProjectResource owner, string endpointName) => (_owner, EndpointName) = (owner, endpointName);

    public string EndpointName { get; }

    public string Url => EndpointAnnotation.Url;

    public EndpointAnnotation EndpointAnnotation =>
        _owner.Endpoints.FirstOrDefault(endpoint => endpoint.Name.Equals(EndpointName, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidOperationException($"The resource '{_owner.Name}' has no endpoint '{EndpointName}'.");
}
