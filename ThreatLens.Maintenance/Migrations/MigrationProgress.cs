namespace ThreatLens.Maintenance.Migrations;

/// <summary>How far a run of Migrate or Rollback is. Reported before the first statement of each migration and after each commit.</summary>
/// <param name="Version">The migration that is running, or has just been committed.</param>
/// <param name="Completed">How many migrations of this run are committed.</param>
/// <param name="Total">How many migrations this run has.</param>
public sealed record MigrationProgress(MigrationVersion Version, int Completed, int Total);
