using System.ComponentModel.DataAnnotations;

namespace ThreatLens.Maintenance.Client;

/// <summary>How to reach the maintenance service. Bound from the section <see cref="SectionName"/>; not to be changed once in use.</summary>
public sealed class DatabaseMaintenanceClientSettings
{
    /// <summary>The configuration section: <c>ThreatLens:Maintenance:Client</c>.</summary>
    public const string SectionName = "ThreatLens:Maintenance:Client";

    /// <summary>
    /// Absolute http or https address of the service's gRPC endpoint, such as <c>http://localhost:5301</c>. Null, the default: service
    /// discovery finds the endpoint <c>grpc</c> of the service's name.
    /// </summary>
    public Uri? Address { get; set; }

    /// <summary>
    /// Who calls, recorded with every operation: 1 to 255 printable ASCII characters. Null, the default: the application's name. A call
    /// that brings the metadata entry <c>threatlens-caller</c> itself keeps its own.
    /// </summary>
    [StringLength(255, MinimumLength = 1)]
    [RegularExpression("[ -~]+", ErrorMessage = "CallerName may have printable ASCII characters only: it travels in an HTTP header.")]
    public string? CallerName { get; set; }

    /// <summary>
    /// How often a call that only reads (Status, Validate, Get..., List...) is sent again when the service is unavailable, at growing
    /// intervals from 0.2 s to 2 s: 0 to 4, default 3. Calls that change something and streams are never sent again.
    /// </summary>
    [Range(0, 4)]
    public int Retries { get; set; } = 3;

    /// <summary>How long to try to connect before the service counts as unavailable: 0.1 s to 60 s, default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal void ApplyTo(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = ConnectTimeout;

        // With TLS a proxy only passes bytes on.
        handler.UseProxy = Address?.Scheme == Uri.UriSchemeHttps;
    }
}
