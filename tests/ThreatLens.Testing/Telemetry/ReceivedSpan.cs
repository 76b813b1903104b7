using System.Diagnostics;

namespace ThreatLens.Testing.Telemetry;

/// <summary>A span as a backend gets it.</summary>
public sealed record ReceivedSpan
{
    public required string Service { get; init; }

    public required IReadOnlyDictionary<string, object?> Resource { get; init; }

    /// <summary>Name of the ActivitySource.</summary>
    public required string Scope { get; init; }

    public required string Name { get; init; }

    public required ActivityKind Kind { get; init; }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>16 lower-case hexadecimal digits; empty for a root.</summary>
    public required string ParentSpanId { get; init; }

    public required IReadOnlyList<ReceivedLink> Links { get; init; }

    public required IReadOnlyDictionary<string, object?> Attributes { get; init; }

    public required IReadOnlyList<ReceivedEvent> Events { get; init; }

    public required ActivityStatusCode Status { get; init; }

    public required string StatusMessage { get; init; }

    public required DateTimeOffset Start { get; init; }

    public required DateTimeOffset End { get; init; }

    /// <summary>Whether this span is a child of <paramref name="parent"/>, in the same trace.</summary>
    public bool IsChildOf(ReceivedSpan parent) => TraceId == parent.TraceId && ParentSpanId == parent.SpanId;

    /// <summary>Whether this span has a link to <paramref name="other"/>.</summary>
    public bool IsLinkedTo(ReceivedSpan other) => Links.Contains(new ReceivedLink(other.TraceId, other.SpanId));

    public override string ToString() =>
        $"span [{Service}] {Scope}: {Kind} '{Name}' {TraceId}/{SpanId} parent '{ParentSpanId}' links {Links.Count} {Status} "
        + Received.Describe(Attributes);
}

/// <summary>Where a span's link leads.</summary>
public sealed record ReceivedLink(string TraceId, string SpanId);

/// <summary>Something that happened within a span.</summary>
public sealed record ReceivedEvent(string Name, DateTimeOffset Time, IReadOnlyDictionary<string, object?> Attributes);
