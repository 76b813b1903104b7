namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>A process by its id.</summary>
internal static class OperatingSystemProcess
{
    /// <summary>Whether it runs; one that has ended and only waits to be asked for its exit code does not.</summary>
    public static bool IsAlive(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
