using Microsoft.Extensions.Options;
using ThreatLens.Maintenance.Errors;

namespace ThreatLens.Maintenance.Grpc.Errors;

/// <summary>What keeps the service from starting and its operator can mend: said in a sentence, and not by a crash.</summary>
internal static class StartErrors
{
    /// <summary>What to tell of a setting or a script of the operator's own that cannot be used; null for anything else, which is a defect.</summary>
    public static string? Of(Exception exception) => exception switch
    {
        MaintenanceException e => $"The service cannot start: {e.Reason}: {e.Message}",
        OptionsValidationException e => $"The service cannot start: {e.Message}",
        // What the configuration's binder says of a value that is no number, no time, too long a time and so on; it names the key.
        InvalidOperationException { InnerException: not null, Source: "Microsoft.Extensions.Configuration.Binder" } e => $"The service cannot start: {e.Message}",
        _ => null,
    };
}
