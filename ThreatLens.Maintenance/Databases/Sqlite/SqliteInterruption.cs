using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ThreatLens.Maintenance.Databases.Sqlite;

/// <summary>Long statements that a token can stop: the driver's own cancellation does not (dotnet/efcore#31359).</summary>
internal static class SqliteInterruption
{
    /// <summary>Runs one statement to its end.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the statement is undone.</exception>
    public static void ExecuteInterruptibly(
        this SqliteConnection connection, string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var interrupt = connection.InterruptOn(cancellationToken);
        try
        {
            connection.Execute(sql, parameters);
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>Runs one query and returns the first column of its rows.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static List<string> TextsInterruptibly(this SqliteConnection connection, string sql, CancellationToken cancellationToken)
    {
        using var interrupt = connection.InterruptOn(cancellationToken);
        try
        {
            return connection.Texts(sql);
        }
        catch (SqliteException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>Interrupts whatever the connection runs when the token is cancelled, which then fails; dispose it before the connection.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before.</exception>
    public static CancellationTokenRegistration InterruptOn(this SqliteConnection connection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var handle = connection.Handle;
        return cancellationToken.Register(() => raw.sqlite3_interrupt(handle));
    }
}
