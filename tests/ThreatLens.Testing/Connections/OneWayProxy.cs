using System.Net;
using System.Net.Sockets;

namespace ThreatLens.Testing.Connections;

/// <summary>
/// Stands between a client and a server on this machine and passes on what they send, until it is told to hold back: from then on the
/// client's bytes still arrive and nothing of the server's comes back. What is held back is never delivered. It can also cut a connection
/// in the middle of what the client sends. Thread-safe.
/// </summary>
public sealed class OneWayProxy : IAsyncDisposable
{
    private readonly Uri _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private volatile bool _holdingBack;
    private long _untilCut = long.MaxValue;
    private int _cuts;

    /// <summary>Listens at once.</summary>
    /// <param name="server">Host and port of the server.</param>
    public OneWayProxy(Uri server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What to connect to instead of the server.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>From now on nothing that the server sends arrives.</summary>
    public void HoldBack() => _holdingBack = true;

    /// <summary>Lets so many more of the client's bytes pass and then cuts the connection they came on. Those that follow are whole again.</summary>
    public void CutAfter(long bytes) => Interlocked.Exchange(ref _untilCut, bytes);

    /// <summary>Connections cut so far.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
                connections.Add(PassAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
        }
        finally
        {
            await Task.WhenAll(connections);
        }
    }

    /// <summary>One connection, until either side ends it.</summary>
    private async Task PassAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        using (var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token))
        {
            try
            {
                await server.ConnectAsync(_server.Host, _server.Port, ended.Token);
                var there = CopyAsync(client.GetStream(), server.GetStream(), UntilCut, IsCutNow, ended.Token);
                var back = CopyAsync(server.GetStream(), client.GetStream(), count => _holdingBack ? 0 : count, () => false, ended.Token);
                await await Task.WhenAny(there, back);
                await ended.CancelAsync();
                await Task.WhenAll(there, back);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // A side is gone; the other sees its connection end.
                await ended.CancelAsync();
            }
        }
    }

    /// <summary>How many of so many bytes of a client pass; fewer are the last ones.</summary>
    private int UntilCut(int count)
    {
        if (Interlocked.Read(ref _untilCut) == long.MaxValue)
            return count;
        var left = Interlocked.Add(ref _untilCut, -count);
        return left > 0 ? count : (int)Math.Max(0, count + left);
    }

    /// <summary>Once, when the last bytes have passed.</summary>
    private bool IsCutNow()
    {
        if (Interlocked.Read(ref _untilCut) > 0)
            return false;
        Interlocked.Exchange(ref _untilCut, long.MaxValue);
        Interlocked.Increment(ref _cuts);
        return true;
    }

    private static async Task CopyAsync(
        NetworkStream from, NetworkStream to, Func<int, int> passes, Func<bool> ends, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            await to.WriteAsync(buffer.AsMemory(0, passes(count)), cancellationToken);
            if (ends())
                return;
        }
    }
}
