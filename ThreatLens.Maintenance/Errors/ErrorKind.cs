namespace ThreatLens.Maintenance.Errors;

/// <summary>The classes of failure that callers tell apart. They follow the canonical codes of google.rpc.Code.</summary>
public enum ErrorKind
{
    /// <summary>The request is wrong whatever the state of the system.</summary>
    InvalidArgument,

    /// <summary>What the request names does not exist.</summary>
    NotFound,

    /// <summary>The system is not in the state the request needs; a retry alone does not help.</summary>
    FailedPrecondition,

    /// <summary>Something else got in the way (a running operation, a changed etag); re-read, then retry.</summary>
    Aborted,

    /// <summary>Not possible right now; the same request may succeed later.</summary>
    Unavailable,

    /// <summary>A bound was reached: disk, memory, queue.</summary>
    ResourceExhausted,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied,

    /// <summary>Part of the contract that this version does not fill.</summary>
    Unimplemented,

    /// <summary>The operation was cancelled on request.</summary>
    Cancelled,

    /// <summary>Stored data is damaged.</summary>
    DataLoss,

    /// <summary>A defect of this service.</summary>
    Internal,
}
