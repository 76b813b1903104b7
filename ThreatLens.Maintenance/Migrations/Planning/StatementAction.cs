namespace ThreatLens.Maintenance.Migrations.Planning;

/// <summary>What kind of thing a statement does, as far as plans tell kinds apart.</summary>
internal enum StatementAction
{
    /// <summary>Anything else: views, triggers, queries, what is not understood.</summary>
    Other,
    CreateTable,
    CreateIndex,
    DropTable,
    DropOther,
    AddColumn,
    DropColumn,
    RenameTable,
    RenameColumn,
    Insert,
    Update,
    Delete,

    /// <summary>SAVEPOINT, RELEASE, ROLLBACK TO: within a transaction these neither end it nor leave it.</summary>
    Savepoint,

    /// <summary>Begins or ends a transaction, or cannot run within one.</summary>
    TransactionControl,
    Pragma,
}
