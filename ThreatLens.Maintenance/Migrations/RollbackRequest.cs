using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>A <see cref="RollbackCommand"/> whose fields have been checked against the catalog; exactly one of the three is set.</summary>
internal sealed record RollbackRequest(Migration? Version, Migration? ToVersion, int Steps, bool Cascade)
{
    /// <exception cref="MaintenanceException">INVALID_ARGUMENT naming the field: several given, an unknown version, steps below 1.</exception>
    public static RollbackRequest Read(MigrationCatalog catalog, RollbackCommand command)
    {
        if (command is { Version: not null, ToVersion: not null })
            throw OnlyOne("to_version");
        if (command is { Steps: not null, Version: not null } or { Steps: not null, ToVersion: not null })
            throw OnlyOne("steps");
        if (command.Steps < 1)
            throw MaintenanceException.InvalidArgument("steps", $"{command.Steps} is not 1 or more.");
        if (command is { Cascade: true, Version: null })
            throw MaintenanceException.InvalidArgument("cascade", "goes with version only; the other two name all that is undone.");
        return new RollbackRequest(
            command.Version is null ? null : catalog.Resolve(command.Version, "version"),
            command.ToVersion is null ? null : catalog.Resolve(command.ToVersion, "to_version"),
            command is { Version: null, ToVersion: null } ? command.Steps ?? 1 : 0,
            command.Cascade);
    }

    private static MaintenanceException OnlyOne(string field) =>
        MaintenanceException.InvalidArgument(field, "only one of version, to_version and steps may be given.");
}
