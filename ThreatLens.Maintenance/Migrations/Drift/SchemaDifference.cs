namespace ThreatLens.Maintenance.Migrations.Drift;

/// <summary>Kinds of objects in a schema. The names are stored; never rename one.</summary>
public enum SchemaObjectType
{
    /// <summary>A table.</summary>
    Table,

    /// <summary>A column; its name is <c>table.column</c>.</summary>
    Column,

    /// <summary>An index.</summary>
    Index,

    /// <summary>A trigger.</summary>
    Trigger,

    /// <summary>A view.</summary>
    View,
}

/// <summary>What is wrong with an object. The names are stored; never rename one.</summary>
public enum SchemaDifferenceKind
{
    /// <summary>Expected and not there.</summary>
    Missing,

    /// <summary>There and not expected.</summary>
    Unexpected,

    /// <summary>There in another form.</summary>
    Different,
}

/// <summary>How much a difference matters, the least first. The names are stored; never rename one.</summary>
public enum SchemaDifferenceSeverity
{
    /// <summary>Harmless: a DEFAULT, AUTOINCREMENT, another spelling of a type with the same affinity, a table that nothing of ours uses.</summary>
    Info,

    /// <summary>Works, but not as it should: a missing index.</summary>
    Warning,

    /// <summary>Something will fail: a missing table or column.</summary>
    Error,
}

/// <summary>A difference between the schema as the migrations make it and as it is.</summary>
public sealed record SchemaDifference
{
    /// <summary>What kind of object differs.</summary>
    public required SchemaObjectType ObjectType { get; init; }

    /// <summary>Its name; columns as <c>table.column</c>.</summary>
    public required string ObjectName { get; init; }

    /// <summary>What is wrong with it.</summary>
    public required SchemaDifferenceKind Kind { get; init; }

    /// <summary>How much it matters.</summary>
    public required SchemaDifferenceSeverity Severity { get; init; }

    /// <summary>What was expected; empty for what is unexpected.</summary>
    public string Expected { get; init; } = "";

    /// <summary>What was found; empty for what is missing.</summary>
    public string Actual { get; init; } = "";

    /// <summary>Statements that would mend it without losing a value; empty when there are none.</summary>
    public IReadOnlyList<string> Remedy { get; init; } = [];

    /// <summary>The migration that the expected object comes from; null for what is unexpected.</summary>
    public string? Version { get; init; }

    /// <summary>Whether Repair mends it: what is missing or different and can be mended. What is unexpected is somebody's, and stays.</summary>
    public bool IsMendable => Kind != SchemaDifferenceKind.Unexpected && Remedy.Count > 0;

    /// <summary>On one line, for people.</summary>
    public override string ToString() =>
        $"{ObjectType.ToString().ToLowerInvariant()} {ObjectName} is {Kind.ToString().ToLowerInvariant()}"
        + (Expected.Length > 0 && Kind == SchemaDifferenceKind.Different ? $" (expected {Expected}, found {Actual})" : "");
}
