using System.Net;
using System.Net.Sockets;

namespace ThreatLens.AppHost.Local;

/// <summary>A resource cannot be started, for a reason its reader can do something about.</summary>
internal sealed class CannotStartException(string message) : Exception(message);

/// <summary>Looks at a port before its process does, whose own complaint would not say which setting moves it.</summary>
internal static class EndpointPort
{
    /// <exception cref="CannotStartException">The port is none, or another process listens on it.</exception>
    public static void RefuseUnusable(ProjectResource resource, EndpointAnnotation endpoint)
    {
        // The AppHost's parameters are called after the endpoints they move: Ports:Grpc, Ports:Http.
        var setting = $"Ports__{char.ToUpperInvariant(endpoint.Name[0])}{endpoint.Name[1..]}";
        if (endpoint.Port is not (> 0 and <= 65535))
        {
            throw new CannotStartException($"{endpoint.Port} is not a port for {resource.Name}'s endpoint {endpoint.Name}: set {setting} to 1-65535.");
        }

        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            try
            {
                using var listener = new TcpListener(address, endpoint.Port.Value);
                listener.Start();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new CannotStartException(
                    $"Port {endpoint.Port} for {resource.Name}'s endpoint {endpoint.Name} is in use by another process: stop that, or set {setting} to a free port.");
            }
            catch (SocketException)
            {
                // No IPv6 here, or a port this user may not bind: the process itself says so better.
            }
        }
    }
}
