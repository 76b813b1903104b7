namespace ThreatLens.EndToEnd.Tests.Ingest.FakeService;

/// <summary>What goes wrong with a batch.</summary>
public enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The connection is cut before the batch is stored.</summary>
    CutBeforeCommit,

    /// <summary>The batch is stored, then the connection is cut: the acknowledgement is lost.</summary>
    CutAfterCommit,

    /// <summary>The service ends the stream with UNAVAILABLE before the batch is stored.</summary>
    UnavailableBeforeCommit,

    /// <summary>The service ends the stream without an error after storing.</summary>
    EndAfterCommit,

    /// <summary>It is never answered, and neither is what follows.</summary>
    Silence,
}
