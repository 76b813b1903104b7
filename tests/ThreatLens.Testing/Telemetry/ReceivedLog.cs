namespace ThreatLens.Testing.Telemetry;

/// <summary>A log record as a backend gets it.</summary>
public sealed record ReceivedLog
{
    public required string Service { get; init; }

    /// <summary>The logger's category.</summary>
    public required string Scope { get; init; }

    /// <summary>The formatted message.</summary>
    public required string Body { get; init; }

    /// <summary>9 information, 13 warning, 17 error.</summary>
    public required int Severity { get; init; }

    public required IReadOnlyDictionary<string, object?> Attributes { get; init; }

    /// <summary>Empty when it was written outside any span.</summary>
    public required string TraceId { get; init; }

    /// <summary>Empty when it was written outside any span.</summary>
    public required string SpanId { get; init; }

    public override string ToString() =>
        $"log [{Service}] {Scope}: {Severity} '{Body}' {TraceId}/{SpanId} {Received.Describe(Attributes)}";
}
