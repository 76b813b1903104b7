using Microsoft.Data.Sqlite;
using ThreatLens.Maintenance.Databases.Sqlite;
using ThreatLens.Maintenance.Errors;
using ThreatLens.Maintenance.Operations;

namespace ThreatLens.Maintenance.Retention;

/// <summary>Finds the cleanup to go on with.</summary>
internal static class CleanupResume
{
    /// <exception cref="MaintenanceException">OPERATION_NOT_FOUND, CLEANUP_NOT_RESUMABLE.</exception>
    public static StoredCleanup Read(SqliteConnection reader, string operationId)
    {
        var found = Steps.EventLookup.HasTable(reader, "maintenance_operations")
            ? reader.Texts("SELECT kind || ' ' || state FROM maintenance_operations WHERE id = $id", ("$id", operationId)).SingleOrDefault()
            : null;
        if (found is null)
        {
            throw new MaintenanceException(ErrorKind.NotFound, ErrorReasons.OperationNotFound, $"resume_operation_id: there is no operation '{operationId}'.")
            {
                Field = "resume_operation_id",
            };
        }

        var (kind, state) = (found.Split(' ')[0], found.Split(' ')[1]);
        if (kind != nameof(OperationKind.Cleanup))
            throw NotResumable(operationId, $"is a {kind}, no cleanup");
        if (state is not (nameof(OperationState.Interrupted) or nameof(OperationState.Cancelled) or nameof(OperationState.Failed)))
            throw NotResumable(operationId, $"is {state}; one that was interrupted or cancelled, or has failed, can be gone on with");
        return CleanupStore.Find(reader, operationId) ?? throw NotResumable(operationId, "had not begun to delete; start a new one");
    }

    private static MaintenanceException NotResumable(string operationId, string why) =>
        new(ErrorKind.FailedPrecondition, ErrorReasons.CleanupNotResumable, $"resume_operation_id: operation {operationId} {why}.")
        {
            Field = "resume_operation_id",
            OperationId = operationId,
        };
}
