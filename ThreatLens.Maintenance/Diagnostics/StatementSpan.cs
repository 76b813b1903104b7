using ThreatLens.Maintenance.Databases.Sqlite;

namespace ThreatLens.Maintenance.Diagnostics;

/// <summary>signatures</summary>
public sealed class StatementSpan : IDisposable
{
    /// <summary>Starts the span of one statement.</summary>
    public static StatementSpan Start(SqliteDatabase database, string sql, bool includeText = false) => throw new NotImplementedException();

    /// <summary>Marks the statement as failed.</summary>
    public void Fail(Exception exception) => throw new NotImplementedException();

    /// <summary>Ends the span.</summary>
    public void Dispose() => throw new NotImplementedException();
}
