namespace ThreatLens.Maintenance.Retention;

/// <summary>
/// How many rows a transaction deletes while the disk is nearly full: few, fewer when even they do not fit, and more only while the log they make stays
/// far below what is free. Not thread-safe.
/// </summary>
internal sealed class EmergencyPace
{
    private const int FirstRows = 16;
    private const int MostRows = 256;
    private const int Share = 8;

    public int Rows { get; private set; } = FirstRows;

    /// <summary>A transaction has been committed.</summary>
    /// <param name="logBytes">What it wrote into the write-ahead log.</param>
    /// <param name="freeBytes">What is free on the disk once the log is emptied.</param>
    public void Committed(long logBytes, long freeBytes) =>
        Rows = logBytes > freeBytes / Share ? Math.Max(1, Rows / 2) : logBytes < freeBytes / Share / 4 ? Math.Min(MostRows, Rows * 2) : Rows;

    /// <summary>A transaction did not fit.</summary>
    /// <returns>False when there is no smaller one.</returns>
    public bool DidNotFit()
    {
        if (Rows == 1)
            return false;
        Rows = Math.Max(1, Rows / 4);
        return true;
    }
}
