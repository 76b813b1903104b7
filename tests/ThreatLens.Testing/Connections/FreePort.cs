using System.Net;
using System.Net.Sockets;

namespace ThreatLens.Testing.Connections;

/// <summary>
/// Ports for programs that must be told theirs before they listen. They are below those that the system gives to whoever asks for any port:
/// one of these would be another's by the time the program listens.
/// </summary>
public static class FreePort
{
    private const int First = 10_000;
    private const int Count = 20_000;

    // Several runs of tests on one machine begin in different places.
    private static int _last = Random.Shared.Next(Count);

    /// <summary>One that is free now on both loopback addresses, and that this process has not been given before. Thread-safe.</summary>
    public static int Next()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            if (IsFree(IPAddress.Loopback, port) && IsFree(IPAddress.IPv6Loopback, port))
                return port;
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException e)
        {
            // A machine without IPv6 has nobody there.
            return e.SocketErrorCode is not (SocketError.AddressAlreadyInUse or SocketError.AccessDenied);
        }
    }
}
