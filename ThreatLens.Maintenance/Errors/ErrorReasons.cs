namespace ThreatLens.Maintenance.Errors;

/// <summary>
/// The stable reasons that <see cref="MaintenanceException.Reason"/> takes, within <see cref="Domain"/>.
/// Each is listed with its remedy in docs/operations.md.
/// </summary>
public static class ErrorReasons
{
    /// <summary>The error domain of all reasons.</summary>
    public const string Domain = "threatlens.maintenance";

    /// <summary>A request field is wrong.</summary>
    public const string InvalidArgument = "INVALID_ARGUMENT";

    /// <summary>The contract has it, this version does not fill it yet.</summary>
    public const string NotImplemented = "NOT_IMPLEMENTED";

    /// <summary>The connection string or another database setting cannot be used; a restart with a better one is needed.</summary>
    public const string DatabaseConfigurationInvalid = "DATABASE_CONFIGURATION_INVALID";

    /// <summary>The directory of the database file does not exist.</summary>
    public const string DatabaseDirectoryMissing = "DATABASE_DIRECTORY_MISSING";

    /// <summary>The database file does not exist and the call only reads.</summary>
    public const string DatabaseMissing = "DATABASE_MISSING";

    /// <summary>The database file or its folder cannot be written.</summary>
    public const string DatabaseReadOnly = "DATABASE_READ_ONLY";

    /// <summary>The database file cannot be opened (permissions, a directory, an I/O error).</summary>
    public const string DatabaseUnreadable = "DATABASE_UNREADABLE";

    /// <summary>Another process holds the database's lock.</summary>
    public const string DatabaseLocked = "DATABASE_LOCKED";

    /// <summary>The file is not a SQLite database.</summary>
    public const string NotADatabase = "NOT_A_DATABASE";

    /// <summary>SQLite reports a damaged file.</summary>
    public const string DatabaseCorrupt = "DATABASE_CORRUPT";

    /// <summary>The disk, or the database's size limit, is full.</summary>
    public const string DatabaseFull = "DATABASE_FULL";

    /// <summary>The database was changed by a newer service than this one.</summary>
    public const string DatabaseNewer = "DATABASE_NEWER_THAN_SERVICE";

    /// <summary>The history table is there but not in a form this service understands.</summary>
    public const string HistoryUnreadable = "HISTORY_UNREADABLE";

    /// <summary>No migration with that version is known: in a request, or in the database's history.</summary>
    public const string UnknownVersion = "UNKNOWN_VERSION";

    /// <summary>A version that should have come earlier is missing below one that this service applied.</summary>
    public const string VersionOutOfOrder = "VERSION_OUT_OF_ORDER";

    /// <summary>The version named is not applied.</summary>
    public const string VersionNotApplied = "VERSION_NOT_APPLIED";

    /// <summary>Applied later versions stand on the one to be undone.</summary>
    public const string LaterVersionsApplied = "LATER_VERSIONS_APPLIED";

    /// <summary>The migration's down script refuses because rows would be lost.</summary>
    public const string RollbackRefused = "ROLLBACK_REFUSED";

    /// <summary>A statement of a migration failed; its transaction was rolled back.</summary>
    public const string MigrationFailed = "MIGRATION_FAILED";

    /// <summary>A migration without a transaction was begun and is not finished; everything else waits for it.</summary>
    public const string MigrationUnfinished = "MIGRATION_UNFINISHED";

    /// <summary>Views, triggers, indexes or foreign keys of somebody's own use what a migration takes away; its transaction was rolled back.</summary>
    public const string ObjectsInTheWay = "OBJECTS_IN_THE_WAY";

    /// <summary>The linter objects to statements of a migration, and nobody allowed them by name; nothing of it was run.</summary>
    public const string LintFailed = "LINT_FAILED";

    /// <summary>A rollback would lose more values than its caller is ready to lose.</summary>
    public const string ValuesWouldBeLost = "VALUES_WOULD_BE_LOST";

    /// <summary>There is not enough room on the disk for what a migration or rollback writes.</summary>
    public const string MigrationNoSpace = "MIGRATION_NO_SPACE";

    /// <summary>A migration script is not acceptable (unknown directive, missing pair, a statement that does not end).</summary>
    public const string MigrationInvalid = "MIGRATION_INVALID";

    /// <summary>The folder of <c>Maintenance:Migrations:Path</c> is missing or cannot be read; a restart with a better one is needed.</summary>
    public const string MigrationsFolderUnusable = "MIGRATIONS_FOLDER_UNUSABLE";

    /// <summary>An applied migration's script is not the one that was applied.</summary>
    public const string ChecksumMismatch = "CHECKSUM_MISMATCH";

    /// <summary>A database that somebody else built has tables of another shape; nothing of it was changed.</summary>
    public const string AdoptionRefused = "ADOPTION_REFUSED";

    /// <summary>A statement of a repair failed; everything was rolled back.</summary>
    public const string RepairFailed = "REPAIR_FAILED";

    /// <summary>The schema lacks what the call needs; migrate first.</summary>
    public const string SchemaNotReady = "SCHEMA_NOT_READY";

    /// <summary>A conflicting operation is running.</summary>
    public const string OperationConflict = "OPERATION_CONFLICT";

    /// <summary>No operation with that id.</summary>
    public const string OperationNotFound = "OPERATION_NOT_FOUND";

    /// <summary>The operation has ended and cannot be cancelled.</summary>
    public const string OperationEnded = "OPERATION_ENDED";

    /// <summary>The operation was cancelled at a safe point.</summary>
    public const string OperationCancelled = "OPERATION_CANCELLED";

    /// <summary>The operation did not survive the end of the process that ran it.</summary>
    public const string OperationInterrupted = "OPERATION_INTERRUPTED";

    /// <summary>The same request_id came with a different body.</summary>
    public const string RequestIdReused = "REQUEST_ID_REUSED";

    /// <summary>The etag no longer matches; read again.</summary>
    public const string EtagMismatch = "ETAG_MISMATCH";

    /// <summary>No log source of that name.</summary>
    public const string LogSourceNotFound = "LOG_SOURCE_NOT_FOUND";

    /// <summary>A metric message breaks the stream's rules; nothing of it was written.</summary>
    public const string MalformedBatch = "MALFORMED_BATCH";

    /// <summary>A batch number is neither the next one nor one already stored.</summary>
    public const string BatchOutOfOrder = "BATCH_OUT_OF_ORDER";

    /// <summary>More waits for the writer of metrics than may, and has for a while.</summary>
    public const string IngestBehind = "INGEST_BEHIND";

    /// <summary>The producer does not read its stream.</summary>
    public const string AcknowledgementsUnread = "ACKNOWLEDGEMENTS_UNREAD";

    /// <summary>Another stream of the same producer took over.</summary>
    public const string ProducerReplaced = "PRODUCER_REPLACED";

    /// <summary>The service is stopping.</summary>
    public const string ShuttingDown = "SHUTTING_DOWN";

    /// <summary>Only callers on the same machine are accepted until authentication is configured.</summary>
    public const string LoopbackOnly = "LOOPBACK_ONLY";

    /// <summary>The backup directory cannot be created or written.</summary>
    public const string BackupDirectoryUnusable = "BACKUP_DIRECTORY_UNUSABLE";

    /// <summary>There is not enough room for a backup, or for what a restore puts aside.</summary>
    public const string BackupNoSpace = "BACKUP_NO_SPACE";

    /// <summary>A backup, or a copy that was to become one, does not pass its checks.</summary>
    public const string BackupDamaged = "BACKUP_DAMAGED";

    /// <summary>There is not enough room for a rewrite of the file.</summary>
    public const string VacuumNoSpace = "VACUUM_NO_SPACE";

    /// <summary>No backup of that name.</summary>
    public const string BackupNotFound = "BACKUP_NOT_FOUND";

    /// <summary>A restore would lose more rows than its caller is ready to lose.</summary>
    public const string RowsWouldBeLost = "ROWS_WOULD_BE_LOST";

    /// <summary>The database was replaced by a backup; producers say hello again.</summary>
    public const string DatabaseRestored = "DATABASE_RESTORED";

    /// <summary>Things are on record that are later than now: what is old cannot be told.</summary>
    public const string ClockSetBack = "CLOCK_SET_BACK";

    /// <summary>The operation named is no cleanup that can be gone on with.</summary>
    public const string CleanupNotResumable = "CLEANUP_NOT_RESUMABLE";

    /// <summary>Deleting all that may go for a size would not reach it; nothing was deleted for it.</summary>
    public const string SizeUnreachable = "SIZE_UNREACHABLE";

    /// <summary>No hold of that id.</summary>
    public const string HoldNotFound = "HOLD_NOT_FOUND";

    /// <summary>As many holds are in force as there may be.</summary>
    public const string TooManyHolds = "TOO_MANY_HOLDS";

    /// <summary>No event of that id.</summary>
    public const string EventNotFound = "EVENT_NOT_FOUND";

    /// <summary>No schedule of that name.</summary>
    public const string ScheduleNotFound = "SCHEDULE_NOT_FOUND";

    /// <summary>A defect of this service; the log has the trace id.</summary>
    public const string Internal = "INTERNAL";
}
