namespace ThreatLens.Benchmarks.Retention;

/// <summary>Looks at the write-ahead log's length now and then. A look is a stat: the file is not opened.</summary>
internal sealed class WalWatch(string path)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    public long Peak { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var file = new FileInfo(path);
            Peak = Math.Max(Peak, file.Exists ? file.Length : 0);
            await Task.Delay(Every, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
