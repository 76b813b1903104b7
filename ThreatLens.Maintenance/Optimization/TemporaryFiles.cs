namespace ThreatLens.Maintenance.Optimization;

/// <summary>Where SQLite puts temporary files.</summary>
internal static class TemporaryFiles
{
    /// <summary>The first of its candidates that is a directory (https://sqlite.org/tempfiles.html#temporary_file_storage_locations).</summary>
    public static string Directory() => OperatingSystem.IsWindows()
        ? Path.GetTempPath()
        : new[] { Environment.GetEnvironmentVariable("SQLITE_TMPDIR"), Environment.GetEnvironmentVariable("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp" }
            .FirstOrDefault(System.IO.Directory.Exists) ?? Environment.CurrentDirectory;
}
