namespace ThreatLens.Cli.Output;

/// <summary>Whom the output is for.</summary>
internal enum OutputFormat
{
    /// <summary>People.</summary>
    Table,

    /// <summary>Programs.</summary>
    Json,
}
