using System.Net;
using System.Net.Sockets;

namespace ThreatLens.Testing.Connections;

/// <summary>A port of 127.0.0.1 on which nobody listens, and nobody can until this is disposed: who connects is refused.</summary>
public sealed class ReservedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort() => _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>Where nobody answers.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_socket.LocalEndPoint!).Port}/");

    public void Dispose() => _socket.Dispose();
}
