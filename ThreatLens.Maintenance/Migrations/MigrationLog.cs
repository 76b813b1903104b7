using Microsoft.Extensions.Logging;

namespace ThreatLens.Maintenance.Migrations;

/// <summary>What migrations log.</summary>
internal static partial class MigrationLog
{
    [LoggerMessage(1, LogLevel.Information, "Applied {Version} to {Database} in {ElapsedMilliseconds:0.0} ms: {Statements} statements, {Skipped} not needed")]
    public static partial void Applied(this ILogger logger, string version, string database, double elapsedMilliseconds, int statements, int skipped);

    [LoggerMessage(2, LogLevel.Information, "Undid {Version} on {Database} in {ElapsedMilliseconds:0.0} ms: {Statements} statements, {Skipped} not needed")]
    public static partial void Undone(this ILogger logger, string version, string database, double elapsedMilliseconds, int statements, int skipped);

    [LoggerMessage(3, LogLevel.Error, "{Version} failed on {Database} and was rolled back: {Why}")]
    public static partial void Failed(this ILogger logger, string version, string database, string why);

    [LoggerMessage(4, LogLevel.Debug, "{Database} is at {Version}: nothing to do")]
    public static partial void NothingToDo(this ILogger logger, string database, string? version);

    [LoggerMessage(5, LogLevel.Information, "{Version} on {Database} was already done by another process")]
    public static partial void DoneByAnother(this ILogger logger, string version, string database);

    [LoggerMessage(6, LogLevel.Information, "Adopted {Versions} on {Database}: {Statements} statements for what was missing")]
    public static partial void Adopted(this ILogger logger, string versions, string database, int statements);

    [LoggerMessage(8, LogLevel.Warning, "{Version} on {Database} was begun by an earlier run: going on after {Done} of {Statements} statements")]
    public static partial void GoesOn(this ILogger logger, string version, string database, int done, int statements);

    [LoggerMessage(7, LogLevel.Information, "Repaired {Database}: {Mended} differences mended, {Realigned} checksums re-aligned")]
    public static partial void Repaired(this ILogger logger, string database, int mended, int realigned);
}
