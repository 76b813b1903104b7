namespace ThreatLens.Ingest.Sample.Tailing;

/// <summary>
/// How far a source is measured: an offset in one particular file, which may have been renamed since. The token is what the service
/// keeps; it says which file is meant: <c>1;IDENTITY;FINGERPRINT</c>, each part empty where unknown.
/// </summary>
/// <param name="Offset">Bytes measured, from the start of that file.</param>
/// <param name="Token">Which file; empty: the one at the path.</param>
internal readonly record struct FilePosition(long Offset, string Token)
{
    private const string Version = "1";

    /// <summary>The start of whatever file is at the path.</summary>
    public static FilePosition Start { get; } = new(0, "");

    /// <summary>Identity in the token; null when it has none.</summary>
    public FileIdentity? Identity => Parts() is [_, var identity, _] ? FileIdentity.Parse(identity) : null;

    /// <summary>Fingerprint in the token; empty when it has none.</summary>
    public string Fingerprint => Parts() is [_, _, var fingerprint] ? fingerprint : "";

    /// <summary>Position in a file.</summary>
    public static FilePosition In(FileIdentity? identity, FileFingerprint fingerprint) =>
        new(fingerprint.Offset, $"{Version};{identity};{fingerprint}");

    // A token of another version is none: the offset is then believed if the file is long enough.
    private string[] Parts() => Token.Split(';') is [Version, _, _] parts ? parts : [];
}
