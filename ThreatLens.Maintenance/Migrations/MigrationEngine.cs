using Microsoft.Extensions.Logging;
using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>signatures</summary>
public sealed class MigrationEngine(SqliteDatabase db, MigrationCatalog catalog, TimeProvider time, ILogger<MigrationEngine> logger)
{
    private readonly object[] _todo = [db, catalog, time, logger];

    /// <summary>x</summary>
    public SchemaStatus GetStatus(CancellationToken cancellationToken = default) => throw new NotImplementedException(_todo.ToString());

    /// <summary>x</summary>
    public MigrateResult Migrate(MigrateCommand command, IProgress<MigrationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>x</summary>
    public RollbackResult Rollback(RollbackCommand command, IProgress<MigrationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
