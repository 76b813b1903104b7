using Grpc.Core;

namespace ThreatLens.Maintenance.Grpc.Services;

/// <summary>Writing to streams that may have to end at any moment.</summary>
internal static class StreamWriting
{
    /// <summary>
    /// Writes a message, or stops waiting for that. A token given to WriteAsync itself resets the whole stream when it is cancelled within a
    /// write, and the caller never hears the status, SHUTTING_DOWN for one. After a cancellation nothing more may be written.
    /// </summary>
    public static Task SendAsync<T>(this IAsyncStreamWriter<T> writer, T message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return writer.WriteAsync(message, CancellationToken.None).WaitAsync(cancellationToken);
    }
}
