using System.Threading.Channels;
using Grpc.Core;
using ThreatLens.Maintenance.V1;

namespace ThreatLens.EndToEnd.Tests.Ingest.FakeService;

/// <summary>One open stream of the fake: can be pushed a configuration, or be replaced by another.</summary>
public sealed class FakeStream(CancellationToken callCancelled) : IDisposable
{
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(callCancelled);
    private readonly Channel<IngestConfiguration> _configurations = Channel.CreateUnbounded<IngestConfiguration>();
    private readonly SemaphoreSlim _writing = new(1);

    public CancellationToken Token => _stop.Token;

    public bool IsReplaced { get; private set; }

    /// <summary>What it says first.</summary>
    public Welcome Welcome { get; set; } = new();

    public void Replace()
    {
        IsReplaced = true;
        _stop.Cancel();
    }

    public void Push(IngestConfiguration configuration) => _configurations.Writer.TryWrite(configuration);

    public async Task PushAsync(IServerStreamWriter<StreamMetricsResponse> responses)
    {
        try
        {
            await foreach (var configuration in _configurations.Reader.ReadAllAsync(Token))
                await WriteAsync(responses, new StreamMetricsResponse { Configuration = configuration });
        }
        catch (Exception) when (Token.IsCancellationRequested)
        {
            // The stream is over.
        }
    }

    public async Task WriteAsync(IServerStreamWriter<StreamMetricsResponse> responses, StreamMetricsResponse response)
    {
        await _writing.WaitAsync(Token);
        try
        {
            await responses.WriteAsync(response, Token);
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task StopAsync() => _stop.CancelAsync();

    public void Dispose()
    {
        _stop.Dispose();
        _writing.Dispose();
    }
}
