namespace ThreatLens.EndToEnd.Tests.Ingest;

/// <summary>Writes a line every millisecond and, once told so, rotates the file every thousand, the highest number being the newest.</summary>
internal sealed class RotatingWriter : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<long> _writing;
    private volatile bool _rotates;

    public RotatingWriter(string path) => _writing = Task.Run(() => WriteAsync(path));

    /// <summary>Until then there is one file only.</summary>
    public void RotateFromNowOn() => _rotates = true;

    /// <summary>Stops, with a file in place; returns how many lines were written.</summary>
    public async Task<long> StopAsync()
    {
        await _stop.CancelAsync();
        return await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task<long> WriteAsync(string path)
    {
        var written = 0L;
        while (!_stop.IsCancellationRequested)
        {
            if (_rotates && written > 0 && written % 1000 == 0)
                File.Move(path, $"{path}.{written / 1000}");
            File.AppendAllText(path, $"2026-11-23 15:00:01 INFO line {written++} {Guid.NewGuid()}\n");
            await Task.Delay(1);
        }
        return written;
    }
}
