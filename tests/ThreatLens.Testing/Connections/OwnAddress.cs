using System.Net;
using System.Security.Cryptography;

namespace ThreatLens.Testing.Connections;

/// <summary>
/// Addresses of this machine for servers that go away and come back. While such a server is away its port is free, and on 127.0.0.1 the next
/// one of another test that asks for any port may be given it; on an address of its own nobody else asks.
/// </summary>
public static class OwnAddress
{
    /// <summary>One of 127.0.0.0/8 that nobody else has; 127.0.0.1 where there is no other.</summary>
    public static IPAddress Next()
    {
        if (!OperatingSystem.IsLinux())
            return IPAddress.Loopback;
        Span<byte> bytes = [127, 0, 0, 0];
        RandomNumberGenerator.Fill(bytes[1..]);
        // 127.0.0.1 is everybody's, and the last one is the broadcast address.
        bytes[1] = (byte)Math.Clamp((int)bytes[1], 1, 254);
        return new IPAddress(bytes);
    }
}
