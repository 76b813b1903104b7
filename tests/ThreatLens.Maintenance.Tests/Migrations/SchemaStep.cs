using CsCheck;

namespace ThreatLens.Maintenance.Tests.Migrations;

/// <summary>What a random step does to a database's schema.</summary>
internal enum SchemaStepKind
{
    /// <summary>Migrate to a version.</summary>
    Migrate,

    /// <summary>Undo some versions.</summary>
    Rollback,

    /// <summary>Repair.</summary>
    Repair,

    /// <summary>Somebody drops an index.</summary>
    DropIndex,

    /// <summary>Somebody puts another index in an index's place.</summary>
    ReplaceIndex,

    /// <summary>A process that migrates to the latest version is killed.</summary>
    KillMigrate,

    /// <summary>A process that rolls back to 000 is killed.</summary>
    KillRollback,
}

/// <summary>One step; what the number means depends on the kind, and it is taken modulo what there is.</summary>
internal sealed record SchemaStep(SchemaStepKind Kind, int Number)
{
    private const int LargestNumber = 200;

    /// <summary>Up to ten steps.</summary>
    public static Gen<SchemaStep[]> Sequence { get; } =
        Gen.Select(Gen.Enum<SchemaStepKind>(), Gen.Int[0, LargestNumber], (kind, number) => new SchemaStep(kind, number)).Array[1, 10];

    public override string ToString() => $"{Kind} {Number}";
}
