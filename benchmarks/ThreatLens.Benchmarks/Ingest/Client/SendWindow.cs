namespace ThreatLens.Benchmarks.Ingest.Client;

/// <summary>As many messages under way as the service allows, which changes with its acknowledgements. One task enters, another leaves.</summary>
internal sealed class SendWindow(int size) : IDisposable
{
    private readonly SemaphoreSlim _room = new(size);
    private int _size = size;
    private int _tooMany;

    public Task EnterAsync() => _room.WaitAsync(CancellationToken.None);

    /// <summary>One was acknowledged.</summary>
    /// <param name="size">Allowed from now on.</param>
    public void Leave(int size)
    {
        _tooMany += _size - size - 1;
        _size = size;
        if (_tooMany >= 0)
            return;
        _room.Release(-_tooMany);
        _tooMany = 0;
    }

    public void Dispose() => _room.Dispose();
}
